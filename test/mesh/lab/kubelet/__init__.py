"""A small kubelet: it runs the Pods of one API server as processes in network namespaces of this machine.

For every Pod it makes an address and a namespace, gives each container a root folder with its volumes mounted in it, runs the injected
istio-init and istio-proxy exactly as istiod's webhook wrote them, starts applications with the command that images/images.json names for
their image, executes probes, hooks, limits and restarts, and writes the Pod's status. The real kube-controller-manager does the rest.

What it has not: image pulls, a scheduler (there is one node), kube-proxy (only sidecars reach a Service's address), NetworkPolicy.
"""
