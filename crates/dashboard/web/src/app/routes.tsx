import { Navigate, type RouteObject } from "react-router";
import { OperatorsOnly, TenantsPeople } from "../session/Allowed";
import { SignedIn } from "../session/SignedIn";
import { homeOf, useSession } from "../session/session";
import { Blank } from "./Blank";
import { Crash, ViewCrash } from "./Crash";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

function Home() {
  return <Navigate to={homeOf(useSession())} replace />;
}

const overview = () => import("../overview/Overview");

const ofOneTenant: RouteObject[] = [
  { index: true, element: <Navigate to="overview" replace /> },
  { path: "overview", lazy: overview },
  { path: "webhooks", lazy: () => import("../webhooks/List") },
  { path: "webhooks/new", lazy: () => import("../webhooks/New") },
  { path: "webhooks/:webhook", lazy: () => import("../webhooks/Webhook") },
  { path: "deliveries/:delivery", lazy: () => import("../deliveries/Delivery") },
  { path: "events", lazy: () => import("../events/List") },
  { path: "events/:event", lazy: () => import("../events/Event") },
  { path: "event-types", lazy: () => import("../event-types/List") },
  { path: "event-types/:name", lazy: () => import("../event-types/EventType") },
];

const ofTheSystem: RouteObject[] = [
  { path: "overview", lazy: overview },
  { path: "tenants", lazy: () => import("../operators/Tenants") },
  { path: "tenants/:tenant", lazy: () => import("../operators/Tenant") },
  { path: "api-keys", lazy: () => import("../operators/ApiKeys") },
  { path: "audit", lazy: () => import("../operators/Audit") },
];

const views: RouteObject[] = [
  { index: true, Component: Home },
  { path: "t/:tenant", Component: TenantsPeople, children: ofOneTenant },
  { Component: OperatorsOnly, children: ofTheSystem },
  { path: "*", Component: NotFound },
];

/** Every view is loaded when it is first opened, so that the first one is there soon. */
export const routes: RouteObject[] = [
  {
    ErrorBoundary: Crash,
    HydrateFallback: () => <Blank busy />,
    children: [
      { path: "sign-in", lazy: () => import("../session/SignIn") },
      {
        Component: SignedIn,
        children: [{ Component: Shell, children: [{ ErrorBoundary: ViewCrash, children: views }] }],
      },
    ],
  },
];
