import { useForm, type UseFormReturnType } from "@mantine/form";
import type { ProblemError } from "../api/client";
import { fieldProblems } from "../api/problem";
import type { Tenant } from "./queries";
import { draftOf, type TenantDraft } from "./tenantDraft";

export function useTenantForm(tenant?: Tenant): UseFormReturnType<TenantDraft> {
  return useForm<TenantDraft>({ initialValues: draftOf(tenant) });
}

/** What the server found wrong, at the fields that show it. */
export function tenantErrors(problem: ProblemError): Record<string, string> {
  const { "quota.events_per_second": quota, ...rest } = fieldProblems(problem);
  return quota === undefined ? rest : { ...rest, quota };
}
