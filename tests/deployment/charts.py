"""Renders the chart and validates what comes out. A list of requests on stdin, that of the answers on stdout, both JSON.

{"render": chart, "file": path or null, "values": {...}}   values on top of those in the file
    -> {"manifests": [...], "text": "...", "notes": "..."} or {"refused": "..."}
{"validate": [manifest, ...], "version": "1.30"}           against the schemas of that version of Kubernetes
    -> {"invalid": ["..."], "unknown": [kind, ...]}        unknown: kinds that Kubernetes itself does not have
{"lint": chart, "values": {...}} -> {"errors": ["..."]}
{"yaml": path} -> {"documents": [...]}
"""

import functools
import json
import sys

import helm_python as helm
import kubernetes_validate
import kubernetes_validate.utils
import yaml

# Each validation reads all definitions of its version of Kubernetes, some megabytes: once is enough.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


def main() -> None:
    json.dump([answer(request) for request in json.load(sys.stdin)], sys.stdout)


def answer(request: dict) -> dict:
    kinds = {"render": render, "validate": validate, "lint": lint, "yaml": documents}
    return next(answers(request) for name, answers in kinds.items() if name in request)


def render(request: dict) -> dict:
    values = {}
    if request["file"]:
        with open(request["file"]) as file:
            values = yaml.safe_load(file)
    chart = helm.Chart.load(request["render"])
    try:
        rendered = chart.render(merged(values, request["values"]), name="fanfare", namespace="webhooks")
    except helm.HelmError as error:
        return {"refused": str(error)}
    notes = next((text for name, text in rendered.items() if name.endswith("NOTES.txt")), "")
    files = {name: text for name, text in sorted(rendered.items()) if name.endswith(".yaml") and text.strip()}
    manifests = [part for text in files.values() for part in yaml.safe_load_all(text) if part]
    text = "\n".join(f"# {name}\n{text.strip()}" for name, text in files.items())
    return {"manifests": manifests, "text": text, "notes": notes}


def merged(below: dict, above: dict) -> dict:
    """`above` beats `below`, as a second values file does; null stays, for Helm to remove what it names."""
    both = dict(below)
    for name, value in above.items():
        mix = isinstance(value, dict) and isinstance(both.get(name), dict)
        both[name] = merged(both[name], value) if mix else value
    return both


def validate(request: dict) -> dict:
    invalid, unknown = [], []
    for manifest in request["validate"]:
        try:
            kubernetes_validate.validate(manifest, request["version"], strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            unknown.append(manifest["kind"])
        except kubernetes_validate.ValidationError as error:
            place = ".".join(map(str, error.path))
            invalid.append(f'{manifest["kind"]} {manifest["metadata"]["name"]}: {place}: {error.message}')
    return {"invalid": invalid, "unknown": unknown}


def lint(request: dict) -> dict:
    return {"errors": [str(error) for error in helm.lint(request["lint"], request["values"])["errors"]]}


def documents(request: dict) -> dict:
    with open(request["yaml"]) as file:
        return {"documents": list(yaml.safe_load_all(file))}


main()
