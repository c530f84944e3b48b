import { shownMoney } from "../shared/money.ts";
import { Choice, Field, focusOn } from "../shared/parts.tsx";
import { type CartLine, cart, cents, centsOf, quantityOf, removeFromCart, setQuantity } from "./cart.ts";
import { checkout, paymentToken, placeOrder } from "./checkout.ts";
import { CheckoutNotice, faultsOfQuantities } from "./checkout-notice.tsx";
import { productNamed } from "./products.ts";
import { WORDS } from "./words.ts";

export function CartView() {
  const { value } = checkout;
  const isBusy = value.kind === "placing" || value.kind === "inDoubt";
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!isBusy && cart.value.length > 0) void placeOrder();
  };
  return (
    <section class="card cart" aria-labelledby="cart">
      <h2 id="cart" tabIndex={-1}>
        {WORDS.cart}
      </h2>
      <form noValidate onSubmit={submit}>
        {cart.value.length === 0 ? (
          <p class="hint">{WORDS.empty}</p>
        ) : (
          <ul class="lines">
            {cart.value.map((line) => (
              <Line key={line.productId} line={line} fault={faultsOfQuantities(value).get(line.productId)?.fault} />
            ))}
          </ul>
        )}
        <p class="row total">
          <span>{WORDS.total}</span>
          <span class="amount">{shownMoney(cents.value, "USD")}</span>
        </p>
        <Choice
          id="payment"
          label={WORDS.payment}
          value={paymentToken.value}
          options={WORDS.cards}
          onChange={(token) => {
            paymentToken.value = token;
          }}
        />
        <button type="submit" class="main" disabled={isBusy || cart.value.length === 0}>
          {WORDS.place}
        </button>
      </form>
      <CheckoutNotice />
    </section>
  );
}

function Line({ line, fault }: { line: CartLine; fault: string | undefined }) {
  const { productId, quantity } = line;
  const name = productNamed(productId);
  return (
    <li class="line">
      <span>{name}</span>
      <Field
        id={`quantity-${productId}`}
        label={WORDS.quantity(name)}
        isLabelHidden
        fault={fault}
        isNumber
        value={quantity}
        onInput={(typed) => setQuantity(productId, typed)}
      />
      <span class="amount">{shownMoney(centsOf(line) * quantityOf(line), "USD")}</span>
      <button
        type="button"
        class="quiet"
        aria-label={WORDS.remove(name)}
        onClick={() => {
          focusOn("cart"); // the button goes
          removeFromCart(productId);
        }}
      >
        ×
      </button>
    </li>
  );
}
