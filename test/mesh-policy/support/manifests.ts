// The parts of Istio's resources that the tests read.
export type HttpRoute = {
  name: string;
  match?: { method?: { exact?: string; regex?: string }; uri: { exact?: string; regex?: string } }[];
  timeout?: string;
  retries: { attempts: number; retryOn?: string };
  route: { destination: { host: string; port: { number: number } } }[];
};

export type VirtualService = { spec: { hosts: string[]; gateways?: string[]; http: HttpRoute[] } };

export type AuthorizationPolicy = {
  spec: {
    selector: { matchLabels: { app: string } };
    rules: {
      from: { source: { principals: string[] } }[];
      to: { operation: { paths: string[] } }[];
    }[];
  };
};

export type DestinationRule = {
  spec: { trafficPolicy: { outlierDetection: { consecutiveGatewayErrors: number; consecutive5xxErrors?: number } } };
};
