"""How people, apps and outside systems prove who they are."""
