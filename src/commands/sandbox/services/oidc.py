"""For whom the tokens of an OpenID Connect provider are made out: moto knows this when the provider is made, and no change of it."""

from moto.core.responses import EmptyResult
from moto.iam.responses import IamResponse


def register_into(_):
    IamResponse.add_client_id_to_open_id_connect_provider = added
    IamResponse.remove_client_id_from_open_id_connect_provider = removed


def added(response):
    clients, client = of(response)
    if client not in clients:
        clients.append(client)
    return EmptyResult()


def removed(response):
    clients, client = of(response)
    if client in clients:
        clients.remove(client)
    return EmptyResult()


def of(response):
    provider = response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))
    return provider.client_id_list, response._get_param("ClientID")
