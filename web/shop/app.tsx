import { gatewaySettings } from "../shared/page-settings.ts";
import { ViewHeading } from "../shared/parts.tsx";
import { route } from "../shared/route.ts";
import { CartView } from "./cart-view.tsx";
import { CustomerView } from "./customer-view.tsx";
import { OrderView } from "./order-view.tsx";
import { OrdersView } from "./orders-view.tsx";
import { ProductsView } from "./products-view.tsx";
import { WORDS } from "./words.ts";

export function App() {
  const path = route.value;
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        {WORDS.skip}
      </button>
      <header>
        <a class="brand" href="#/">
          {WORDS.title}
        </a>
        <nav>
          <Link to="/" current={path}>
            {WORDS.shop}
          </Link>
          <Link to="/orders" current={path}>
            {WORDS.orders}
          </Link>
          {gatewaySettings.console && <a href="/console">{WORDS.console}</a>}
        </nav>
        <CustomerView />
      </header>
      <main id="content" tabIndex={-1}>
        <View path={path} />
      </main>
    </>
  );
}

function View({ path }: { path: string }) {
  const [, orderId] = /^\/orders\/([^/]+)$/.exec(path) ?? [];
  if (orderId !== undefined) return <OrderView key={orderId} orderId={orderId} />;
  if (path === "/orders") return <OrdersView />;
  return (
    <div class="shop">
      <div class="unseen">
        <ViewHeading id="shop" page={WORDS.title}>
          {WORDS.shop}
        </ViewHeading>
      </div>
      <ProductsView />
      <CartView />
    </div>
  );
}

function Link({ to, current, children }: { to: string; current: string; children: string }) {
  const isCurrent = to === "/" ? current === "/" : current.startsWith(to);
  return (
    <a href={`#${to}`} aria-current={isCurrent ? "page" : undefined}>
      {children}
    </a>
  );
}

/** A button, since what follows the "#" of a link would name a view. */
function skip(): void {
  document.getElementById("content")?.focus();
}
