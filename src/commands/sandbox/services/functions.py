"""Lambda functions of ours, run as they stand, and the log group that each writes to, which moto does not keep: the code is taken out of the package that was uploaded, and only the network that its
probes see is made up, from the emulated EC2. Whatever else is invoked is answered as moto answers. Never reaches out.

A probe of `handler.py` gets through when the function's subnet leads by its default route to a NAT gateway, that one's subnet to an
internet gateway, and the function's security groups let something out.
"""

import io
import json
import types
import zipfile

SOURCE = "handler.py"
ANYWHERE = "0.0.0.0/0"


def register_into(_mounts):
    from moto.awslambda_simple.models import LambdaSimpleBackend

    moto_answers = LambdaSimpleBackend.invoke

    def invoke(backend, function_name, qualifier, body, headers, response_headers):
        function = backend.get_function(function_name, qualifier)
        source = unpacked(function.code_bytes or b"")
        if source is None:
            return moto_answers(backend, function_name, qualifier, body, headers, response_headers)
        return json.dumps(run(source, function, backend.account_id, backend.region_name)).encode()

    LambdaSimpleBackend.invoke = invoke
    keep_logging_config()


def keep_logging_config():
    from moto.awslambda.models import LambdaFunction

    made, updated, told = LambdaFunction.__init__, LambdaFunction.update_configuration, LambdaFunction.get_configuration

    def init(function, account_id, spec, *more, **others):
        made(function, account_id, spec, *more, **others)
        function.logs_group_name = spec.get("LoggingConfig", {}).get("LogGroup") or function.logs_group_name

    def update(function, updates):
        function.logs_group_name = updates.get("LoggingConfig", {}).get("LogGroup") or function.logs_group_name
        return updated(function, updates)

    def tell(function, *arguments, **others):
        logging = {"LogFormat": "Text", "LogGroup": function.logs_group_name}
        return {**told(function, *arguments, **others), "LoggingConfig": logging}

    LambdaFunction.__init__, LambdaFunction.update_configuration, LambdaFunction.get_configuration = init, update, tell


def unpacked(package):
    try:
        return zipfile.ZipFile(io.BytesIO(package)).read(SOURCE).decode()
    except (zipfile.BadZipFile, KeyError):
        return None


def run(source, function, account, region):
    module = types.ModuleType("handler")
    exec(compile(source, SOURCE, "exec"), module.__dict__)
    way = obstacle(function, account, region)
    failure = (module.SILENT, f"no answer within {module.PATIENCE:g} s") if way else None
    settings = module.Settings({**(function.environment_vars or {}), "AWS_REGION": region})
    verdict = module.judge(settings, module.look(settings, lambda host, port: failure))
    verdict["reported"] = not way
    return verdict


def obstacle(function, account, region):
    """Whether something is in the way between the function and the internet."""
    from moto.ec2.models import ec2_backends

    ec2, network = ec2_backends[account][region], function.vpc_config or {}
    for subnet in network.get("SubnetIds", []):
        gateway = towards(ec2, subnet)
        nat = ec2.nat_gateways.get(getattr(gateway, "id", None))
        if nat is None or nat.state != "available":
            return True
        outside = towards(ec2, nat.subnet_id)
        if getattr(outside, "id", None) not in ec2.internet_gateways:
            return True
    groups = [ec2.get_security_group_from_id(group) for group in network.get("SecurityGroupIds", [])]
    return bool(groups) and not any(group and group.egress_rules for group in groups)


def towards(ec2, subnet):
    """Where a subnet's default route leads."""
    for table in ec2.route_tables.values():
        if any(association.get("SubnetId") == subnet for association in table.associations):
            for route in table.routes:
                if route.destination_cidr_block == ANYWHERE:
                    return route.nat_gateway or route.gateway
    return None
