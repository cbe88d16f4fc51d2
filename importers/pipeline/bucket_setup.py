"""How a bucket is kept: private, encrypted, versioned; and making one that is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from importers.pipeline.bucket import Bucket, asking, code_of

DAYS_OF_UNFINISHED = 7
HOME_REGION = "us-east-1"
NOTHING_PUBLIC = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something found out about the store, in words; whether it is as it should be."""

    is_good: bool
    said: str


def facts_of(bucket: Bucket) -> list[Fact]:
    """Whether the bucket is private, encrypted and versioned."""
    return [
        _answer(bucket, rule)
        for rule in (_blocks_public, _has_no_public_policy, _encrypts, _keeps_versions)
    ]


def _answer(bucket: Bucket, rule: Callable[[Bucket], Fact]) -> Fact:
    try:
        return rule(bucket)
    except ClientError as error:
        what = rule.__name__.strip("_").replace("_", " ")
        code = code_of(error)
        said = f"Not known whether it {what}: the store answers {code}."
        return Fact(is_good=False, said=said)


def _blocks_public(bucket: Bucket) -> Fact:
    try:
        told = bucket.client.get_public_access_block(Bucket=bucket.bucket_name)
    except ClientError as error:
        if code_of(error) != "NoSuchPublicAccessBlockConfiguration":
            raise
        told = {"PublicAccessBlockConfiguration": {}}
    block = told["PublicAccessBlockConfiguration"]
    if all(block.get(name) for name in NOTHING_PUBLIC):
        return Fact(is_good=True, said="Private: public access is blocked altogether.")
    said = "Public access is not blocked. Switch “Block all public access” on."
    return Fact(is_good=False, said=said)


def _has_no_public_policy(bucket: Bucket) -> Fact:
    try:
        told = bucket.client.get_bucket_policy_status(Bucket=bucket.bucket_name)
    except ClientError as error:
        if code_of(error) != "NoSuchBucketPolicy":
            raise
        told = {"PolicyStatus": {"IsPublic": False}}
    if told["PolicyStatus"].get("IsPublic"):
        said = "Its policy lets everybody in. Take that statement out."
        return Fact(is_good=False, said=said)
    return Fact(is_good=True, said="Private: its policy lets nobody in from outside.")


def _encrypts(bucket: Bucket) -> Fact:
    try:
        told = bucket.client.get_bucket_encryption(Bucket=bucket.bucket_name)
    except ClientError as error:
        if code_of(error) != "ServerSideEncryptionConfigurationNotFoundError":
            raise
        told = {"ServerSideEncryptionConfiguration": {"Rules": []}}
    rules = told["ServerSideEncryptionConfiguration"]["Rules"]
    kinds = [
        rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        for rule in rules
        if "ApplyServerSideEncryptionByDefault" in rule
    ]
    if not kinds:
        said = "It does not encrypt by itself. Set its default encryption."
        return Fact(is_good=False, said=said)
    return Fact(is_good=True, said=f"Encrypted by default ({', '.join(kinds)}).")


def _keeps_versions(bucket: Bucket) -> Fact:
    told = bucket.client.get_bucket_versioning(Bucket=bucket.bucket_name)
    if told.get("Status") != "Enabled":
        said = "Earlier versions are not kept. Switch versioning on."
        return Fact(is_good=False, said=said)
    return Fact(is_good=True, said="Versioned: what is overwritten or deleted is kept.")


def create(bucket: Bucket) -> None:
    """Make the bucket, or mend one of ours: private, versioned, encrypted.

    Parts of uploads that never ended are cleared away after a week.  Raises
    StoreProblem.
    """
    client, name = bucket.client, bucket.bucket_name
    region = client.meta.region_name or HOME_REGION
    elsewhere: dict[str, Any] = (
        {}
        if region == HOME_REGION
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    with asking(name):
        try:
            client.create_bucket(
                Bucket=name, ObjectOwnership="BucketOwnerEnforced", **elsewhere
            )
        except ClientError as error:
            if code_of(error) != "BucketAlreadyOwnedByYou":
                raise
        client.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration=NOTHING_PUBLIC
        )
        client.put_bucket_versioning(
            Bucket=name, VersioningConfiguration={"Status": "Enabled"}
        )
        client.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [_rule(bucket)]}
        )
        client.put_bucket_lifecycle_configuration(
            Bucket=name,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "clear-unfinished-uploads",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "AbortIncompleteMultipartUpload": {
                            "DaysAfterInitiation": DAYS_OF_UNFINISHED
                        },
                    }
                ]
            },
        )


def _rule(bucket: Bucket) -> dict[str, Any]:
    asked = bucket.object_parameters
    by_default = {"SSEAlgorithm": asked.get("ServerSideEncryption", "AES256")}
    if "SSEKMSKeyId" in asked:
        by_default["KMSMasterKeyID"] = asked["SSEKMSKeyId"]
    return {
        "ApplyServerSideEncryptionByDefault": by_default,
        "BucketKeyEnabled": by_default["SSEAlgorithm"] == "aws:kms",
    }
