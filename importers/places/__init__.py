"""Places that partners put files into: folder, bucket and SFTP server, seen alike.

A place lists the files that lie directly in it, reads one as long as it is the one that
was listed, and puts it into a folder below itself.  It knows no models.
"""
