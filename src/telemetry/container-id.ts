import { readFileSync } from "node:fs";

/** What the kernel tells a process of its mounts and its control groups. Which one names the container depends on the runtime. */
const SOURCES = ["/proc/self/mountinfo", "/proc/self/cgroup"];

/** In a path of a container runtime: `/docker/containers/<id>/hostname`, `cri-containerd-<id>.scope`, `/kubepods/…/<id>`. */
const CONTAINER_ID = /(?:containers|sandboxes|kubepods\S*|docker|containerd|crio|libpod)[/\S-]*?\b([0-9a-f]{64})\b/;

/** The id of the container that this process is in; undefined if it is in none, or cannot tell. */
export function containerId(read: (file: string) => string = (file) => readFileSync(file, "utf8")): string | undefined {
  for (const file of SOURCES) {
    try {
      const id = CONTAINER_ID.exec(read(file))?.[1];
      if (id !== undefined) return id;
    } catch {
      // no such file, outside of Linux
    }
  }
  return undefined;
}
