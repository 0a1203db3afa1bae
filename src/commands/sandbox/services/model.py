"""A service of AWS made from its definition in botocore: parsing, checking and writing come from there, state from whoever derives from
`Service`. A method a operation, in snake_case, takes the parameters and returns the answer's fields.
"""

import re
import sys
import types

import moto.backend_index
from botocore.validate import ParamValidator
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model


class Refused(ServiceException):
    """An error of the service: `raise Refused("ResourceNotFoundException", "no such contact")`. A class outside of moto, because moto looks up by module what it raises itself."""


class Service(BaseBackend):
    # The name in botocore, and the host's first label.
    service = ""
    # Those in which it answers; all that have it, unless told otherwise.
    regions = None

    @property
    def url_bases(self):
        return [rf"https?://{self.service}\.(.+)\.amazonaws\.com"]

    @property
    def url_paths(self):
        return {"/$": self.response.dispatch, "/(?P<path>.+)$": self.response.dispatch}


def page(items, parameters, most=50, token="NextToken", size="MaxResults"):
    """One page of a listing, and the token of the next."""
    start = int(parameters.get(token) or 0)
    end = start + min(parameters.get(size) or most, most)
    return items[start:end], ({token: str(end)} if end < len(items) else {})


def register(kind):
    """Makes a service known to moto, and returns its state by account and Region."""
    name = kind.service
    module_name = name.replace("-", "")

    class Response(BaseResponse):
        def __init__(self):
            super().__init__(service_name=name)
            self.automated_parameter_parsing = True

        def call_action(self):
            operation = get_service_model(name).operation_model(self._get_action())
            try:
                return self.serialized(ActionResult(answer(backends[self.current_account][self.region], operation, self.params or {})))
            except Refused as refusal:
                return self.serialized(ActionResult(refusal))

    kind.response = Response
    backends = BackendDict(kind, name, kind.regions is None, kind.regions)
    module = types.ModuleType(f"moto.{module_name}")
    setattr(module, f"{module_name}_backends", backends)
    sys.modules[module.__name__] = module
    moto.backend_index.backend_url_patterns.append((name, re.compile(rf"https?://{name}\.(.+)\.amazonaws\.com")))
    return backends


def answer(state, operation, parameters):
    if operation.input_shape:
        wrong = list(violations(operation.input_shape, parameters))
        report = ParamValidator().validate(parameters, operation.input_shape)
        if report.has_errors():
            wrong.insert(0, report.generate_report())
        if wrong:
            raise Refused("ValidationException", "; ".join(wrong))
    method = getattr(state, camelcase_to_underscores(operation.name), None)
    if method is None:
        raise Refused("InternalServerException", f"{state.service}:{operation.name} is not emulated")
    fields = method(parameters) or {}
    if operation.output_shape:
        report = ParamValidator().validate(fields, operation.output_shape)
        assert not report.has_errors(), f"{operation.name} answers wrongly: {report.generate_report()}"
    return fields


def violations(shape, value, path=""):
    """What the definition says and botocore does not check: enumerations, patterns, upper bounds."""
    if value is None:
        return
    if shape.type_name == "structure":
        for name, inner in value.items():
            if name in shape.members:
                yield from violations(shape.members[name], inner, f"{path}.{name}")
    elif shape.type_name == "list":
        for at, inner in enumerate(value):
            yield from violations(shape.member, inner, f"{path}[{at}]")
    elif shape.type_name == "map":
        for name, inner in value.items():
            yield from violations(shape.value, inner, f"{path}.{name}")
    elif shape.type_name == "string":
        if getattr(shape, "enum", None) and value not in shape.enum:
            yield f"{path}: {value!r} is none of {shape.enum}"
        pattern = shape._shape_model.get("pattern")
        if pattern and not re.search(translated(pattern), value):
            yield f"{path}: {value!r} does not match {pattern}"
    most = shape.metadata.get("max")
    size = value if shape.type_name in ("integer", "long", "float", "double") else len(value) if hasattr(value, "__len__") else None
    if most is not None and size is not None and size > most:
        yield f"{path}: {size} is more than {most}"


def translated(pattern):
    """Java's classes of signs as Python's, and its flags, which may stand anywhere there, at the beginning."""
    for java, python in (("\\p{L}", "\\w"), ("\\p{Z}", "\\s"), ("\\p{N}", "\\d"), ("\\p{M}", "\\w"), ("\\p{P}", "!-/:-@\\[-`{-~")):
        pattern = pattern.replace(java, python)
    flags = "".join(re.findall(r"\(\?[a-z]+\)", pattern))
    return flags + re.sub(r"\(\?[a-z]+\)", "", pattern)
