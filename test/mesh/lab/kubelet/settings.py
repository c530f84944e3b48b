"""Where things are, and how they are called. The environment comes from lab/settings.sh."""
import json
import os

TOOLS = os.environ["MESH_TOOLS"]
RUN = os.environ["MESH_RUN"]
REPOSITORY = os.environ["MESH_REPOSITORY"]
NAMESPACE = os.environ["MESH_NAMESPACE"]  # prefix of all network namespaces
CONTROL = f"{NAMESPACE}-control"
HOST_IP = os.environ["MESH_HOST_IP"]
SUBNET = HOST_IP.rsplit(".", 1)[0]
LOGS = f"{RUN}/log"
PODS = f"{RUN}/pods"
NODE = "lab"
BRIDGE = "mesh0"
API_SERVER = f"https://{HOST_IP}:6443"
CLUSTER_DOMAIN = "cluster.local"
CONTAINER_SCRIPT = os.path.join(os.path.dirname(os.path.dirname(__file__)), "container.sh")

with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), "images/images.json"), encoding="utf8") as file:
    IMAGES = json.load(file)
if os.environ.get("MESH_PROGRAM") == "built":  # by `make build`, instead of the sources
    IMAGES["tracemesh"] = IMAGES["tracemesh-built"]
