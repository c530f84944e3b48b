import { render } from "preact";
import { App } from "./app.tsx";
import { recallDoubt } from "./checkout.ts";
import { followCustomer } from "./customer.ts";

recallDoubt();
followCustomer();
render(<App />, document.getElementById("app")!);
