import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "react-router";
import { ALL_TENANTS, chosenPath, tenantOptions } from "./tenantOptions";
import { everyTenantQuery } from "./tenantsQuery";

interface TenantChooserProps {
  tenant: string | undefined;
  onChoose?: () => void;
}

/** For operators: whose views they look at. The section stays the same. */
export function TenantChooser({ tenant, onChoose }: TenantChooserProps) {
  const { data = [], isPending, isError } = useQuery(everyTenantQuery);
  const { pathname } = useLocation();
  const navigate = useNavigate();

  const choose = (value: string | null) => {
    if (value === null) return;
    onChoose?.();
    void navigate(chosenPath(pathname, value));
  };

  return (
    <Select
      label="Tenant"
      searchable
      allowDeselect={false}
      data={tenantOptions(data, tenant)}
      value={tenant ?? ALL_TENANTS}
      onChange={choose}
      limit={100}
      maxDropdownHeight={320}
      nothingFoundMessage="No such tenant"
      placeholder={isPending ? "Loading…" : "Search"}
      error={isError ? "The tenants could not be loaded." : undefined}
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
      size="sm"
    />
  );
}
