import { killAtEveryStep } from "./kills/kills.ts";

killAtEveryStep("postgresql");
