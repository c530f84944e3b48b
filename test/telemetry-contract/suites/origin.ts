import assert from "node:assert/strict";
import packageJson from "../../../package.json" with { type: "json" };
import { workloadOf } from "../../../src/contract.ts";
import { roles } from "../../../src/roles.ts";
import { differences } from "../kinds/attributes.ts";
import { SECRET } from "../kinds/secrets.ts";
import { readConventions } from "../names/conventions.ts";
import { liveCheck } from "../names/live-check.ts";
import { namesOf, readRegistry } from "../names/registry.ts";
import { type Evidence, tally } from "../support/evidence.ts";

export const SERVICES = roles.map((role) => workloadOf(role).name).toSorted();

/** The resource of a process. Its arguments are not there: they may hold secrets. */
const RESOURCE = {
  "service.name": new RegExp(`^(${SERVICES.join("|")})$`),
  "service.namespace": "tracemesh",
  "service.version": packageJson.version,
  "service.instance.id": /./,
  "deployment.environment.name": "development",
  "host.name": /./,
  "host.arch": /./,
  "os.type": /./,
  "process.pid": /^\d+$/,
  "process.runtime.name": "nodejs",
  "process.runtime.version": process.versions.node,
  "telemetry.sdk.language": "nodejs",
  "telemetry.sdk.name": "opentelemetry",
  "telemetry.sdk.version": /^\d/,
};

/** What a resource may have beside: not every system tells it, and none of it tells a secret. */
const OPTIONAL =
  /^(container\.id|host\.(id|ip)|os\.(version|description|name)|process\.(executable\.(name|path)|owner|creation\.time|runtime\.description))$/;

/** Where telemetry comes from, what it must not tell, and how it calls things. */
export function describeOrigin(evidence: () => Evidence): void {
  const all = () => [...evidence().spans, ...evidence().logs, ...evidence().allPoints];

  it("comes from one scope, of a version, by a version of the conventions", () => {
    const origins = tally(all().map(({ scope, scopeVersion, schemaUrl }) => `${scope} ${scopeVersion} ${schemaUrl}`));
    assert.deepEqual(Object.keys(origins), [
      `tracemesh ${packageJson.version} https://opentelemetry.io/schemas/1.45.0`,
    ]);
  });

  it("says what it comes from: service, host, process", () => {
    const resources = new Map(all().map(({ resource }) => [JSON.stringify(resource), resource]));
    assert.equal(resources.size, SERVICES.length);
    for (const resource of resources.values()) {
      const known = Object.entries(resource).filter(([name]) => !OPTIONAL.test(name));
      assert.deepEqual(differences(Object.fromEntries(known), RESOURCE), []);
    }
  });

  it("tells no secret, neither to the backend nor on the console", () => {
    const around = new RegExp(`.{0,60}(?:${SECRET.source}).{0,20}`, "gi");
    const texts = [...evidence().bodies.map((body) => body.toString("latin1")), ...evidence().console];
    const told = texts.flatMap((text) => text.match(around) ?? []);
    assert.deepEqual([...new Set(told)].slice(0, 20), []);
  });

  it("uses names that are registered, as they are registered", () => {
    const own = namesOf(readRegistry().flatMap(({ groups }) => groups));
    const { spans, logs, allPoints: points } = evidence();
    assert.deepEqual(liveCheck({ spans, logs, points }, own, readConventions()), []);
  });
}
