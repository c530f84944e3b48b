import {
  type DescExtension,
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
  type Message,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { lineOfMethod, lineOfService } from "./source-line.ts";

/** An option's value in ProtoJSON, and where it is set. */
export type OptionValue<T> = { readonly value: T; readonly at: string };

/** Reads options that are messages, by the name of their extension. The caller says what type their ProtoJSON has. */
export type OptionReader = {
  has(desc: DescMethod, option: string): boolean;
  /** Undefined if the option is not set. A value that breaks its own rules is reported, and returned all the same. */
  ofMethod<T>(desc: DescMethod, option: string): OptionValue<T> | undefined;
  ofService<T>(desc: DescService, option: string): OptionValue<T> | undefined;
};

/** A reader for options that the registry knows. `report` gets what breaks the rules of buf.validate. */
export function optionReader(registry: Registry, report: (at: string, message: string) => void): OptionReader {
  const validator = createValidator({ registry });

  return {
    has(desc, option) {
      const extension = registry.getExtension(option);
      return extension !== undefined && hasOption(desc, extension);
    },
    ofMethod(desc, option) {
      const extension = registry.getExtension(option);
      if (extension === undefined || !hasOption(desc, extension)) return undefined;
      return read(extension, getOption(desc, extension), lineOfMethod(desc, extension.number), desc);
    },
    ofService(desc, option) {
      const extension = registry.getExtension(option);
      if (extension === undefined || !hasOption(desc, extension)) return undefined;
      return read(extension, getOption(desc, extension), lineOfService(desc, extension.number), desc);
    },
  };

  function read<T>({ message: schema }: DescExtension, option: unknown, at: string, owner: DescMethod | DescService) {
    const message = option as Message;
    const { kind, error, violations } = validator.validate(schema as DescMessage, message);
    if (kind === "error") throw error;
    for (const violation of violations ?? []) report(at, `${owner.toString()}: ${violation.toString()}`);
    return { value: toJson(schema as DescMessage, message, { registry }) as T, at };
  }
}
