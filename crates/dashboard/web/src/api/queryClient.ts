import { QueryClient } from "@tanstack/react-query";
import { mayPass } from "./client";

/** The query cache. Only failures that may pass are tried again; the others are shown at once. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 2 && mayPass(error),
    },
    mutations: { retry: false },
  },
});
