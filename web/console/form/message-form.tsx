// A form for a message, made from its descriptor: messages have fields, which may be messages.
import { type DescField, type DescMessage, type JsonObject, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { Choice, Field } from "../../shared/parts.tsx";
import { WORDS } from "../words.ts";
import { isObject, isText } from "./values.ts";

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

type FieldFormProps = {
  field: DescField;
  /** Undefined: it is not set. */
  value: JsonValue | undefined;
  onChange: (value: JsonValue | undefined) => void;
  /** As violations name it: "items[0].quantity". */
  path: string;
  faults: ReadonlyMap<string, string>;
};

/** A form for a field: an input, or a form of its own for a message, or for each item of a list. */
function FieldForm(props: FieldFormProps) {
  const { field, value, path, faults } = props;
  if (field.fieldKind === "list") {
    return (
      <fieldset>
        <legend>{field.name}</legend>
        {faults.has(path) && <p class="fault">{faults.get(path)}</p>}
        <ListForm {...props} value={Array.isArray(value) ? value : []} />
      </fieldset>
    );
  }
  if (field.fieldKind === "message" && !isText(field.message)) return <OptionalMessage {...props} />;
  return <ValueForm {...props} label={field.name} />;
}

function ListForm({ field, value, onChange, path, faults }: FieldFormProps & { value: readonly JsonValue[] }) {
  const { message } = field;
  const replace = (at: number, by: readonly JsonValue[]) =>
    onChange([...value.slice(0, at), ...by, ...value.slice(at + 1)]);
  return (
    <>
      {value.map((item, i) => {
        const itemPath = `${path}[${i}]`;
        return (
          // Items have no names but their places.
          <div key={itemPath} class="item">
            {message !== undefined && !isText(message) ? (
              <MessageForm
                desc={message}
                value={isObject(item) ? item : {}}
                onChange={(changed) => replace(i, [changed])}
                path={`${itemPath}.`}
                faults={faults}
              />
            ) : (
              <ValueForm
                field={field}
                value={item}
                onChange={(changed) => replace(i, [changed ?? ""])}
                path={itemPath}
                faults={faults}
                label={itemPath}
              />
            )}
            <button type="button" class="quiet" aria-label={WORDS.remove(itemPath)} onClick={() => replace(i, [])}>
              ×
            </button>
          </div>
        );
      })}
      <button
        type="button"
        aria-label={WORDS.addTo(path)}
        onClick={() => onChange([...value, message && !isText(message) ? {} : ""])}
      >
        {WORDS.add}
      </button>
    </>
  );
}

/** A message is there or not, which is not the same as one without fields. */
function OptionalMessage({ field, value, onChange, path, faults }: FieldFormProps) {
  return (
    <fieldset>
      <legend>{field.name}</legend>
      {faults.has(path) && <p class="fault">{faults.get(path)}</p>}
      {isObject(value) && field.message ? (
        <>
          <MessageForm desc={field.message} value={value} onChange={onChange} path={`${path}.`} faults={faults} />
          <button type="button" class="quiet" aria-label={WORDS.remove(path)} onClick={() => onChange(undefined)}>
            {WORDS.leaveOut}
          </button>
        </>
      ) : (
        <button type="button" aria-label={WORDS.addTo(path)} onClick={() => onChange({})}>
          {WORDS.add}
        </button>
      )}
    </fieldset>
  );
}

const BOOLEANS = [
  ["", WORDS.unset],
  ["true", "true"],
  ["false", "false"],
] as const;

function ValueForm({ field, value, onChange, path, faults, label }: FieldFormProps & { label: string }) {
  const id = `field-${path}`;
  if (field.enum !== undefined) {
    const names = field.enum.values.map(({ name }) => [name, name] as const);
    return (
      <Choice
        id={id}
        label={label}
        value={String(value ?? names[0]?.[0])}
        options={names}
        onChange={onChange}
        fault={faults.get(path)}
      />
    );
  }
  if ("scalar" in field && field.scalar === ScalarType.BOOL) {
    const choose = (chosen: string) => onChange(chosen === "" ? undefined : chosen === "true");
    return (
      <Choice
        id={id}
        label={label}
        value={String(value ?? "")}
        options={BOOLEANS}
        onChange={choose}
        fault={faults.get(path)}
      />
    );
  }
  return (
    <Field
      id={id}
      label={label}
      hint={field.fieldKind === "map" ? WORDS.mapHint : typeName(field)}
      fault={faults.get(path)}
      value={value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value)}
      onInput={(typed) => onChange(typed === "" ? undefined : typed)}
    />
  );
}

/** As in a .proto file, such as "uint32"; for messages that are texts, what they look like. */
function typeName(field: DescField): string {
  if (field.message !== undefined) return WORDS.textForms[field.message.name] ?? field.message.typeName;
  return "scalar" in field && field.scalar !== undefined ? ScalarType[field.scalar].toLowerCase() : "";
}
