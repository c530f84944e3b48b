import { render } from "preact";
import { App } from "./app.tsx";
import { loadSystem } from "./system.ts";

void loadSystem();
render(<App />, document.getElementById("app")!);
