import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  ATTR_DEPLOYMENT_ENVIRONMENT_NAME,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_NAMESPACE,
  ATTR_SERVICE_VERSION,
} from "@opentelemetry/semantic-conventions";
import { containerId } from "./container-id.ts";

export type ResourceOptions = {
  readonly serviceName: string;
  /** The system that the service is a part of. Default: none. */
  readonly serviceNamespace?: string;
  readonly serviceVersion: string;
  /** Such as "production". */
  readonly environment: string;
  /** Tells replicas apart. Default: a new UUID. */
  readonly instanceId?: string;
};

/**
 * The resource that all telemetry carries: the service, its process, host and container. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, where
 * clusters put their k8s.* attributes, override the rest. Of the command line nothing is told, since arguments may be secret.
 */
export function serviceResource(options: ResourceOptions): Resource {
  const own = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: options.serviceName,
    [ATTR_SERVICE_NAMESPACE]: options.serviceNamespace,
    [ATTR_SERVICE_VERSION]: options.serviceVersion,
    [ATTR_SERVICE_INSTANCE_ID]: options.instanceId ?? randomUUID(),
    [ATTR_DEPLOYMENT_ENVIRONMENT_NAME]: options.environment,
    // Not yet stable; the package has constants for these only together with all others that are not, which take long to load.
    "process.pid": process.pid,
    "process.executable.name": basename(process.execPath),
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "container.id": containerId(),
  });
  return defaultResource()
    .merge(detectResources({ detectors: [hostDetector, osDetector] }))
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }));
}
