import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";

/** Whether the lists and maps of a message, nested ones included, have more elements in total than the limit. Stops counting there. */
export function hasMoreElements(desc: DescMessage, message: Message, limit: number): boolean {
  return countdown(desc, message as unknown as LocalMessage, limit) < 0;
}

type LocalMessage = Readonly<Record<string, unknown>>;

/** Subtracts the elements of a message; negative if there are more. */
function countdown(desc: DescMessage, message: LocalMessage, left: number): number {
  // The well-known types have no rules, and some are not messages in memory.
  if (desc.typeName.startsWith("google.protobuf.")) return left;
  for (const field of desc.fields) {
    if (left < 0) break;
    const value = localValue(field, message);
    if (field.fieldKind === "message" && value !== undefined) {
      left = countdown(field.message, value as LocalMessage, left);
    } else if (field.fieldKind === "list" || field.fieldKind === "map") {
      const elements = Array.isArray(value) ? value : Object.values(value as LocalMessage);
      left = countElements(field.message, elements, left);
    }
  }
  return left;
}

function localValue({ oneof, localName }: DescField, message: LocalMessage): unknown {
  if (oneof === undefined) return message[localName];
  const member = message[oneof.localName] as { readonly case?: string; readonly value?: unknown };
  return member.case === localName ? member.value : undefined;
}

function countElements(desc: DescMessage | undefined, elements: readonly unknown[], left: number): number {
  left -= elements.length;
  if (desc === undefined) return left;
  for (const element of elements) {
    if (left < 0) break;
    left = countdown(desc, element as LocalMessage, left);
  }
  return left;
}
