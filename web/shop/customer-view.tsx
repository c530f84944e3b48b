import { Code } from "@connectrpc/connect";
import { Field } from "../shared/parts.tsx";
import { customer, customerId } from "./customer.ts";
import { accessToken } from "./shop-client.ts";
import { WORDS, wordsFor } from "./words.ts";

/** Who orders; and, where the gateway asks for it, the token that proves it. */
export function CustomerView() {
  const { value } = customer;
  const isRefused = value.kind === "unknown";
  const wantsToken = accessToken.value !== "" || (isRefused && value.problem.code === Code.Unauthenticated);
  return (
    <div class="customer">
      <Field
        id="customer"
        label={WORDS.customer}
        isNumber
        value={customerId.value}
        fault={isRefused ? (value.problem.fields.get("id") ?? wordsFor(value.problem)) : undefined}
        onChange={(typed) => {
          customerId.value = typed;
        }}
      />
      <p class="who" aria-live="polite">
        {value.kind === "known"
          ? `${value.user.name}, ${value.user.email}`
          : value.kind === "asking"
            ? WORDS.asking
            : ""}
      </p>
      {wantsToken && (
        <Field
          id="token"
          label={WORDS.token}
          hint={WORDS.tokenHint}
          isSecret
          value={accessToken.value}
          onChange={(typed) => {
            accessToken.value = typed.trim();
          }}
        />
      )}
    </div>
  );
}
