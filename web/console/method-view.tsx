import type { JsonObject } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { Choice, Field, ViewHeading } from "../shared/parts.tsx";
import { AnswerView } from "./answer-view.tsx";
import { answer, makeCall, stopCall } from "./call.ts";
import { MessageForm } from "./form/message-form.tsx";
import { factsOf } from "./policy.ts";
import { bindingOf } from "./rest-call.ts";
import { PROTOCOLS, type Protocol } from "./running.ts";
import type { Called } from "./system.ts";
import { WORDS } from "./words.ts";

const NO_FAULTS: ReadonlyMap<string, string> = new Map();

/** A method: what the contract says of it, a form for its request, and what came back. */
export function MethodView({ called }: { called: Called }) {
  const { method, workload } = called;
  const rest = workload.basePath === "" ? bindingOf(method) : undefined;
  const isCallable = method.methodKind === "unary" || method.methodKind === "server_streaming";
  return (
    <section class="card method" aria-labelledby="method">
      <ViewHeading id="method" page={WORDS.title}>
        {method.name}
      </ViewHeading>
      <p class="hint">
        <code>
          {method.parent.typeName}/{method.name}
        </code>{" "}
        {WORDS.of(workload.name)}
        {method.methodKind === "server_streaming" && `, ${WORDS.streams}`}
        {rest && (
          <>
            , <code>{`${rest.httpMethod} ${rest.template.source}`}</code>
          </>
        )}
      </p>
      <dl class="facts">
        {factsOf(method).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {isCallable ? <CallForm called={called} hasRest={rest !== undefined} /> : <p>{WORDS.notCallable}</p>}
      <AnswerView />
    </section>
  );
}

function CallForm({ called, hasRest }: { called: Called; hasRest: boolean }) {
  const [typed, setTyped] = useState<JsonObject>({});
  const [protocol, setProtocol] = useState<Protocol>("Connect");
  const [headers, setHeaders] = useState("");
  const [timeout, setTimeout] = useState("");
  const { value } = answer;
  const protocols = PROTOCOLS.filter((name) => hasRest || name !== "REST");
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void makeCall(called, { protocol, typed, headers, timeout });
      }}
    >
      <MessageForm
        desc={called.method.input}
        value={typed}
        onChange={setTyped}
        faults={value?.problem?.fields ?? NO_FAULTS}
      />
      <div class="fields">
        <Choice
          id="protocol"
          label={WORDS.protocol}
          value={protocol}
          options={protocols.map((name) => [name, name] as const)}
          onChange={(name) => setProtocol(PROTOCOLS.find((known) => known === name) ?? "Connect")}
        />
        <Field
          id="timeout"
          label={WORDS.timeout}
          hint={WORDS.timeoutHint}
          isNumber
          value={timeout}
          onInput={setTimeout}
        />
        <div class="field">
          <label for="headers">{WORDS.headers}</label>
          <textarea
            id="headers"
            rows={2}
            spellcheck={false}
            placeholder="idempotency-key: 7"
            value={headers}
            onInput={(event) => setHeaders(event.currentTarget.value)}
          />
        </div>
      </div>
      <p class="row start">
        <button type="submit" class="main">
          {WORDS.call}
        </button>
        {value !== undefined && !value.isOver && (
          <button type="button" onClick={stopCall}>
            {WORDS.stop}
          </button>
        )}
      </p>
    </form>
  );
}
