import { randomUUID } from "node:crypto";
import {
  defaultResource,
  detectResources,
  envDetector,
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
import { machineAttributes } from "./machine.ts";

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
  const service = resourceFromAttributes({
    ...machineAttributes(),
    [ATTR_SERVICE_NAME]: options.serviceName,
    ...(options.serviceNamespace !== undefined && { [ATTR_SERVICE_NAMESPACE]: options.serviceNamespace }),
    [ATTR_SERVICE_VERSION]: options.serviceVersion,
    [ATTR_SERVICE_INSTANCE_ID]: options.instanceId ?? randomUUID(),
    [ATTR_DEPLOYMENT_ENVIRONMENT_NAME]: options.environment,
  });
  return defaultResource()
    .merge(service)
    .merge(detectResources({ detectors: [envDetector] }));
}
