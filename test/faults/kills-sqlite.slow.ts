import { killAtEveryStep } from "./kills/kills.ts";

killAtEveryStep("sqlite");
