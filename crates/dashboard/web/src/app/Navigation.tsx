import { Stack, Text } from "@mantine/core";
import {
  IconBuilding,
  IconBuildingCommunity,
  IconCategory,
  IconChartLine,
  IconHistory,
  IconKey,
  IconMessages,
  IconWebhook,
  type TablerIcon,
} from "@tabler/icons-react";
import { NavLink } from "react-router";
import { useAccess } from "../session/session";
import styles from "./Navigation.module.css";
import { tenantPath } from "./paths";
import { SessionFooter } from "./SessionFooter";
import { TenantChooser } from "./TenantChooser";

interface Entry {
  to: string;
  label: string;
  Icon: TablerIcon;
}

interface NavigationProps {
  tenant: string | undefined;
  /** Called when a link was followed: a drawer closes then. */
  onFollow?: () => void;
}

export function Navigation({ tenant, onFollow }: NavigationProps) {
  const { operator } = useAccess();
  return (
    <Stack className={styles.navigation} gap="lg">
      {operator && <TenantChooser tenant={tenant} onChoose={onFollow} />}
      <nav aria-label="Views">
        <Stack gap="lg">
          {tenant !== undefined && (
            <Entries entries={ofTenant(tenant)} title={operator ? tenant : undefined} onFollow={onFollow} />
          )}
          {operator && <Entries entries={OF_THE_SYSTEM} title="All tenants" onFollow={onFollow} />}
        </Stack>
      </nav>
      <SessionFooter />
    </Stack>
  );
}

function ofTenant(tenant: string): Entry[] {
  return [
    { to: tenantPath(tenant), label: "Overview", Icon: IconChartLine },
    { to: tenantPath(tenant, "webhooks"), label: "Webhooks", Icon: IconWebhook },
    { to: tenantPath(tenant, "events"), label: "Events", Icon: IconMessages },
    { to: tenantPath(tenant, "event-types"), label: "Event types", Icon: IconCategory },
  ];
}

const OF_THE_SYSTEM: Entry[] = [
  { to: "/overview", label: "Overview", Icon: IconBuildingCommunity },
  { to: "/tenants", label: "Tenants", Icon: IconBuilding },
  { to: "/api-keys", label: "API keys", Icon: IconKey },
  { to: "/audit", label: "Audit", Icon: IconHistory },
];

function Entries({ entries, title, onFollow }: { entries: Entry[]; title?: string; onFollow?: () => void }) {
  return (
    <div>
      {title !== undefined && (
        <Text className={styles.title} size="xs" c="dimmed" fw={600} truncate>
          {title}
        </Text>
      )}
      <ul className={styles.entries} aria-label={title ?? "Views"}>
        {entries.map(({ to, label, Icon }) => (
          <li key={to}>
            <NavLink to={to} className={styles.link} onClick={onFollow}>
              <Icon size={18} stroke={1.75} aria-hidden />
              {label}
            </NavLink>
          </li>
        ))}
      </ul>
    </div>
  );
}
