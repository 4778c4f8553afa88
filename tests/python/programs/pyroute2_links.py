"""pyroute2: the kernel's interfaces and addresses, by sockets of netlink."""

import socket

from pyroute2 import IPRoute

with IPRoute() as route:
    for link in route.get_links():
        print(link.get("ifname"), link.get("state"), link.get("IFLA_MTU"))
    for address in route.get_addr(family=socket.AF_INET):
        print(address.get("IFA_ADDRESS"), address.get("IFA_LABEL"))
    print(route.link_lookup(ifname="lo"))
