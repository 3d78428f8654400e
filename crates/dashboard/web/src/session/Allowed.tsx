import { Outlet, useParams } from "react-router";
import { NotFound } from "../app/NotFound";
import { Forbidden } from "../parts/Forbidden";
import { Page } from "../parts/Page";
import { useSession } from "./session";

/** Views of the whole system. */
export function OperatorsOnly() {
  const { role } = useSession();
  if (role === "operator") return <Outlet />;
  return (
    <Page title="Not for this key">
      <Forbidden text="This part is for operators. Sign in with an operator's key to see it." />
    </Page>
  );
}

/** Views of one tenant: its own people and operators see them; to others it does not exist. */
export function TenantsPeople() {
  const session = useSession();
  const { tenant } = useParams();
  const allowed = session.role === "operator" || session.tenant === tenant;
  // Another tenant's views begin anew: nobody's rows are seen under somebody else's name.
  return allowed ? <Outlet key={tenant} /> : <NotFound />;
}
