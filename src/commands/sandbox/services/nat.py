"""A deleted NAT gateway lets go of its elastic IP and of its network interface; moto's keeps both."""

from moto.ec2.models import EC2Backend

REMEMBERED = EC2Backend.delete_nat_gateway


def register_into(_):
    EC2Backend.delete_nat_gateway = deleted


def deleted(backend, nat_gateway_id):
    gateway = REMEMBERED(backend, nat_gateway_id)
    for address in gateway.address_set:
        if address.get("associationId"):
            backend.disassociate_address(association_id=address["associationId"])
        for interface in list(backend.describe_network_interfaces()):
            if interface.id == address.get("networkInterfaceId"):
                backend.enis.pop(interface.id, None)
    gateway.address_set = []
    return gateway
