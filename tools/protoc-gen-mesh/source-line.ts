import type { DescMethod, DescService } from "@bufbuild/protobuf";

/** Field numbers in descriptor.proto, of which the paths in source_code_info are made. */
const FILE_SERVICE = 6;
const SERVICE_METHOD = 2;
const OPTIONS = 3;
const METHOD_OPTIONS = 4;

/** "shop/order/v1/order_service.proto:17": where a service, or the option of it with that number, is written. */
export function lineOfService({ file, proto }: DescService, option?: number): string {
  const path = [FILE_SERVICE, file.proto.service.indexOf(proto)];
  return lineOf(file, option === undefined ? path : [...path, OPTIONS, option]);
}

/** "shop/order/v1/order_service.proto:42": where a method, or the option of it with that number, is written. */
export function lineOfMethod({ parent, proto }: DescMethod, option?: number): string {
  const { file } = parent;
  const path = [
    FILE_SERVICE,
    file.proto.service.indexOf(parent.proto),
    SERVICE_METHOD,
    parent.proto.method.indexOf(proto),
  ];
  return lineOf(file, option === undefined ? path : [...path, METHOD_OPTIONS, option]);
}

function lineOf({ proto }: DescService["file"], path: readonly number[]): string {
  const locations = proto.sourceCodeInfo?.location ?? [];
  const location = locations.find((l) => startsWith(l.path, path)) ?? locations.find((l) => startsWith(path, l.path));
  const line = location?.span[0];
  return line === undefined ? proto.name : `${proto.name}:${line + 1}`;
}

const startsWith = (path: readonly number[], start: readonly number[]): boolean => start.every((n, i) => path[i] === n);
