"""Network interfaces, where moto is too forgiving: those of NAT gateways and endpoints are told from others', and all of them keep subnets
and groups busy; an endpoint's routes come and go with route tables, and its private names can be switched. Moto's own classes are changed
in this process, never on disk.
"""

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.vpcs import VPCs
from moto.ec2.utils import random_private_ip


def register_into(_mounts):
    create_gateway = NatGatewayBackend.create_nat_gateway
    create, respond = VPCBackend.create_vpc_endpoint, VPCs.modify_vpc_endpoint
    delete_subnet, delete_group = SubnetBackend.delete_subnet, SecurityGroupBackend.delete_security_group

    def create_nat_gateway(self, *args, **kwargs):
        gateway = create_gateway(self, *args, **kwargs)
        for address in gateway.address_set:
            if address.get("networkInterfaceId") in self.enis:
                interface = self.enis[address["networkInterfaceId"]]
                interface.interface_type = "natGateway"
                interface.description = f"Interface for NAT Gateway {gateway.id}"
                interface.requester_managed = True
        return gateway

    def create_vpc_endpoint(self, *args, **kwargs):
        endpoint = create(self, *args, **kwargs)
        if is_interface(endpoint):
            for interface in endpoint.network_interface_ids:
                own(self, endpoint, self.enis[interface])
        return endpoint

    def modify_vpc_endpoint(self):
        endpoint = self.ec2_backend.get_vpc_end_point(self._get_param("VpcEndpointId"))
        tables, subnets = list(endpoint.route_table_ids), list(endpoint.subnet_ids or [])
        private = self._get_param("PrivateDnsEnabled")
        answer = respond(self)
        if private is not None:
            endpoint.private_dns_enabled = self._get_bool_param("PrivateDnsEnabled")
        follow(self.ec2_backend, endpoint, tables, subnets)
        return answer

    def delete_vpc_endpoints(self, vpce_ids=None):
        for endpoint in [self.vpc_end_points[id] for id in vpce_ids or [] if id in self.vpc_end_points]:
            if endpoint.state == "deleted":
                continue
            for interface in endpoint.network_interface_ids:
                self.enis.pop(interface, None)
            for table in endpoint.route_table_ids:
                unroute(self, endpoint, table)
            endpoint.state = "deleted"

    def delete_subnet_strictly(self, subnet_id):
        if any(interface.subnet.id == subnet_id for interface in self.enis.values()):
            raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return delete_subnet(self, subnet_id)

    def delete_group_strictly(self, name=None, group_id=None):
        if group_id and any(group.id == group_id for interface in self.enis.values() for group in interface.group_set):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        return delete_group(self, name, group_id)

    NatGatewayBackend.create_nat_gateway = create_nat_gateway
    VPCBackend.create_vpc_endpoint = create_vpc_endpoint
    VPCBackend.delete_vpc_endpoints = delete_vpc_endpoints
    VPCs.modify_vpc_endpoint = modify_vpc_endpoint
    SubnetBackend.delete_subnet = delete_subnet_strictly
    SecurityGroupBackend.delete_security_group = delete_group_strictly


def is_interface(endpoint):
    return (endpoint.vpc_endpoint_type or "").lower() == "interface"


def own(backend, endpoint, interface):
    interface.interface_type = "vpc_endpoint"
    interface.description = f"VPC Endpoint Interface {endpoint.id}"
    interface.requester_managed = True
    interface._group_set = [backend.get_security_group_from_id(id) for id in endpoint.security_group_ids]


def follow(backend, endpoint, tables, subnets):
    """Interfaces and routes as the endpoint's subnets, groups and tables are by now."""
    for table in set(tables) - set(endpoint.route_table_ids):
        unroute(backend, endpoint, table)
    for table in set(endpoint.route_table_ids) - set(tables):
        if endpoint.destination_prefix_list_id:
            backend.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=endpoint.destination_prefix_list_id)
    if not is_interface(endpoint):
        return
    for interface in [backend.enis[id] for id in endpoint.network_interface_ids]:
        if interface.subnet.id not in endpoint.subnet_ids:
            endpoint.network_interface_ids.remove(interface.id)
            del backend.enis[interface.id]
    for subnet in set(endpoint.subnet_ids) - set(subnets):
        endpoint.network_interface_ids.append(backend.create_network_interface(subnet, random_private_ip()).id)
    for interface in endpoint.network_interface_ids:
        own(backend, endpoint, backend.enis[interface])


def unroute(backend, endpoint, table):
    routes = backend.route_tables[table]._routes if table in backend.route_tables else {}
    for key in [key for key, route in routes.items() if getattr(route.gateway, "id", None) == endpoint.id]:
        del routes[key]
