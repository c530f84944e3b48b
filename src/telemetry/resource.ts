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
  ATTR_SERVICE_VERSION,
} from "@opentelemetry/semantic-conventions";

export type ResourceOptions = {
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Such as "production". */
  readonly environment: string;
  /** Tells replicas apart. Default: a new UUID. */
  readonly instanceId?: string;
};

/** The name of deployment.environment.name before it was stable; backends still look for it. */
const DEPLOYMENT_ENVIRONMENT = "deployment.environment";

/** Who sends the telemetry. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, where a cluster puts its k8s.* attributes, go before the options. */
export function serviceResource(options: ResourceOptions): Resource {
  const service = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: options.serviceName,
    [ATTR_SERVICE_VERSION]: options.serviceVersion,
    [ATTR_SERVICE_INSTANCE_ID]: options.instanceId ?? randomUUID(),
    [ATTR_DEPLOYMENT_ENVIRONMENT_NAME]: options.environment,
    [DEPLOYMENT_ENVIRONMENT]: options.environment,
  });
  return defaultResource()
    .merge(service)
    .merge(detectResources({ detectors: [envDetector] }));
}
