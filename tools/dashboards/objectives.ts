import { type Dashboard, figure, graph } from "./dashboard.ts";

const LEGEND = "{{workload}} {{method}} {{objective}}";
const BUDGET = "slo:error_budget:ratio";
const burnRate = (window: string): string => `slo:bad_calls:ratio_rate${window} / ${BUDGET}`;

/** What becomes of the contract's objectives, by the rules of gen/slo. */
export const objectivesDashboard: Dashboard = {
  uid: "tracemesh-objectives",
  title: "tracemesh: objectives",
  rows: [
    {
      title: "Alerts",
      panels: [
        figure(
          { title: "Wake somebody up", description: "docs/runbooks.md says what to do.", unit: "short" },
          { expr: 'count(ALERTS{alertstate="firing",severity="page"}) or vector(0)', legend: "" },
        ),
        figure(
          { title: "Can wait until morning", description: "The same.", unit: "short" },
          { expr: 'count(ALERTS{alertstate="firing",severity="ticket"}) or vector(0)', legend: "" },
        ),
      ],
    },
    {
      title: "Budgets",
      panels: [
        graph(
          {
            title: "Used too fast, over an hour",
            description:
              "How many times faster than would use up the budget of 30 days. From 14.4 on somebody is woken up.",
            unit: "short",
            width: 12,
          },
          { expr: burnRate("1h"), legend: LEGEND },
        ),
        graph(
          {
            title: "Used too fast, over three days",
            description: "From 1 on the budget does not last.",
            unit: "short",
            width: 12,
          },
          { expr: burnRate("3d"), legend: LEGEND },
        ),
        graph(
          { title: "Calls", description: "That each objective speaks of.", unit: "reqps", width: 12 },
          { expr: "slo:calls:rate5m", legend: LEGEND },
        ),
        graph(
          { title: "Calls that break it", description: "Of these.", unit: "reqps", width: 12 },
          { expr: "slo:bad_calls:rate5m", legend: LEGEND },
        ),
      ],
    },
  ],
};
