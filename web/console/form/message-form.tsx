import type { DescMessage, JsonObject } from "@bufbuild/protobuf";
import { FieldForm } from "./field-form.tsx";

type MessageFormProps = {
  desc: DescMessage;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  /** Where the message is in the request: "", or "items[0]." */
  path?: string;
  /** What is wrong with fields, by their paths. */
  faults: ReadonlyMap<string, string>;
};

/** A form for a message, made from its descriptor. */
export function MessageForm({ desc, value, onChange, path = "", faults }: MessageFormProps) {
  if (desc.fields.length === 0) return null;
  return (
    <div class="fields">
      {desc.fields.map((field) => (
        <FieldForm
          key={field.name}
          field={field}
          value={value[field.name]}
          onChange={(changed) => {
            const { [field.name]: _, ...rest } = value;
            onChange(changed === undefined ? rest : { ...rest, [field.name]: changed });
          }}
          path={`${path}${field.name}`}
          faults={faults}
        />
      ))}
    </div>
  );
}
