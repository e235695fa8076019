#!/usr/bin/env python3
"""docs/openapi.json against the schema of OpenAPI 3.1 and docs/asyncapi.json against that of AsyncAPI 3.0, both as published; every schema inside against JSON Schema
draft 2020-12; every reference leads somewhere; identifiers are unique. Needs what tests/npm/install has put there."""
import json, os, sys

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "..", "docs")
faults = []


def load(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)


def validate(name, doc, validator):
    for e in sorted(validator.iter_errors(doc), key=lambda e: list(map(str, e.absolute_path)))[:20]:
        faults.append("%s: %s: %s" % (name, "/".join(map(str, e.absolute_path)), e.message[:300]))


def without_id(schema):
    """Without what the schema says of members named $id, which some validators take for its own name."""
    if isinstance(schema, list):
        return [without_id(s) for s in schema]
    return {k: without_id(v) for k, v in schema.items() if k != "$id" or isinstance(v, str)} if isinstance(schema, dict) else schema


def references(name, doc, at):
    """Every $ref of the document; those to itself must lead somewhere."""
    if isinstance(at, dict):
        ref = at.get("$ref")
        if isinstance(ref, str):
            to = doc
            try:
                for key in ref[2:].split("/"):
                    to = to[key.replace("~1", "/").replace("~0", "~")]
            except (KeyError, TypeError):
                faults.append("%s: %s leads nowhere" % (name, ref))
        for value in at.values():
            references(name, doc, value)
    elif isinstance(at, list):
        for value in at:
            references(name, doc, value)


def schemas(name, doc):
    for key, schema in doc["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as e:
            faults.append("%s: schema %s: %s" % (name, key, e.message[:300]))


def operations(doc):
    ids = [op["operationId"] for item in doc["paths"].values() for op in item.values()]
    faults.extend("openapi.json: operationId %s stands there twice" % i for i in {i for i in ids if ids.count(i) > 1})


openapi, asyncapi = load(DOCS, "openapi.json"), load(DOCS, "asyncapi.json")
modules = os.path.join(HERE, "node_modules")
validate("openapi.json", openapi, jsonschema.Draft202012Validator(load(modules, "@apidevtools", "openapi-schemas", "schemas", "v3.1", "schema.json")))
validate("asyncapi.json", asyncapi, jsonschema.Draft7Validator(without_id(load(modules, "@asyncapi", "specs", "schemas", "3.0.0-without-$id.json"))))
for name, doc in (("openapi.json", openapi), ("asyncapi.json", asyncapi)):
    references(name, doc, doc)
    schemas(name, doc)
operations(openapi)
print("\n".join(faults))
sys.exit(bool(faults))
