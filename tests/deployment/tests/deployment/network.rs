//! Who reaches whom. The rules are read as Kubernetes reads them, as far as the chart uses them.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::chart::{Rendered, SERVICES, example, items, rendered};

const INTERNET: [&str; 4] = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07::1", "2a00:1450:4001::200e"];
const NOT_THE_INTERNET: [&str; 16] = [
    "0.0.0.0",
    "10.0.0.1",
    "10.96.0.10",
    "10.244.3.7",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "169.254.20.10",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "224.0.0.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
];

/// Whether the pods of a service may open a TCP connection to this address and port, outside or inside the cluster.
fn reaches(all: &Rendered, service: &str, address: &str, port: u16) -> bool {
    let address: IpAddr = address.parse().expect("an address");
    let policy = &all.the("NetworkPolicy", &format!("-{service}"))["spec"];
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    items(&policy["egress"]).iter().any(|rule| {
        let on_port = rule["ports"].is_null()
            || items(&rule["ports"]).iter().any(|allowed| allowed["port"].is_null() || allowed["port"] == port);
        on_port && (rule["to"].is_null() || items(&rule["to"]).iter().any(|peer| covers(&peer["ipBlock"], address)))
    })
}

/// Whether a block of addresses holds this one. Pods and namespaces that rules name are none.
fn covers(block: &Value, address: IpAddr) -> bool {
    let within = |network: &Value| -> bool {
        let network: IpNet = network.as_str().expect("text").parse().expect("a network");
        network.contains(&address)
    };
    !block.is_null() && within(&block["cidr"]) && !items(&block["except"]).iter().any(within)
}

#[test]
fn workers_reach_the_internet_and_not_the_cluster() {
    let all = example("default");
    for port in [80, 443, 8443] {
        for address in INTERNET {
            assert!(reaches(&all, "worker", address, port), "{address}");
        }
        for address in NOT_THE_INTERNET.into_iter().filter(|address| *address != "::1") {
            assert!(!reaches(&all, "worker", address, port), "{address}");
        }
    }
}

#[test]
fn nobody_else_reaches_either() {
    let all = example("default");
    for service in SERVICES.into_iter().filter(|service| *service != "worker") {
        for address in INTERNET.into_iter().chain(NOT_THE_INTERNET) {
            assert!(!reaches(&all, service, address, 443), "{service} reaches {address}");
        }
    }
}

#[test]
fn networks_that_webhooks_may_point_into_are_open_to_workers_alone() {
    let all = example("bundled");
    assert!(reaches(&all, "worker", "10.244.3.7", 8080));
    assert!(!reaches(&all, "worker", "10.245.3.7", 8080));
    assert!(!reaches(&all, "api", "10.244.3.7", 8080));
}

#[test]
fn further_ranges_can_be_named() {
    let all = example("everything");
    assert!(!reaches(&all, "worker", "203.0.113.9", 443));
    assert!(reaches(&all, "worker", "198.51.100.9", 443));
    assert!(reaches(&all, "worker", "10.9.8.7", 3128), "the proxy");
}

/// A block's exceptions lie within it, or the API server refuses the policy.
#[test]
fn exceptions_lie_within_their_block() {
    for name in ["default", "everything"] {
        let all = example(name);
        let worker = all.the("NetworkPolicy", "-worker");
        let blocks = items(&worker["spec"]["egress"]).iter().flat_map(|rule| items(&rule["to"]));
        for block in blocks.map(|peer| &peer["ipBlock"]) {
            let network = |text: &Value| text.as_str().expect("text").parse::<IpNet>().expect("a network");
            for except in items(&block["except"]) {
                assert!(network(&block["cidr"]).contains(&network(except)), "{except} in {block}");
            }
        }
    }
}

#[test]
fn a_service_reaches_the_backends_that_it_is_told_of_and_names() {
    let elsewhere = example("secrets");
    for service in SERVICES.into_iter().chain(["migrate"]) {
        let environment = environment(&elsewhere, service);
        for (variable, peer, address, port) in [
            ("FANFARE_NATS_URL", "nats", "10.20.0.9", 4222),
            ("FANFARE_REDIS_URL", "", "10.20.0.9", 6380),
            ("FANFARE_POSTGRES_URL", "", "10.20.0.9", 5432),
        ] {
            let told = environment.contains(&variable.to_owned());
            // Peers that are namespaces are compared as they stand.
            let policy = elsewhere.the("NetworkPolicy", &format!("-{service}")).to_string();
            let open = reaches(&elsewhere, service, address, port)
                || (!peer.is_empty() && policy.contains(&format!("\"kubernetes.io/metadata.name\":\"{peer}\"")));
            assert_eq!(told, open, "{service} and {variable}");
        }
        let rules = &elsewhere.the("NetworkPolicy", &format!("-{service}"))["spec"]["egress"];
        assert_eq!(rules[0]["ports"], json!([{ "protocol": "UDP", "port": 53 }, { "protocol": "TCP", "port": 53 }]));
    }
}

fn environment(all: &Rendered, service: &str) -> Vec<String> {
    let kind = if service == "migrate" { "Job" } else { "Deployment" };
    let container = &all.the(kind, &format!("-{service}"))["spec"]["template"]["spec"]["containers"][0];
    items(&container["env"]).iter().map(|entry| entry["name"].as_str().expect("named").to_owned()).collect()
}

#[test]
fn the_admin_port_is_for_those_who_read_metrics_alone() {
    for name in ["default", "everything"] {
        let all = example(name);
        for service in SERVICES {
            let rules = items(&all.the("NetworkPolicy", &format!("-{service}"))["spec"]["ingress"]);
            for rule in rules.iter().filter(|rule| rule["ports"][0]["port"] == "admin") {
                assert_eq!(items(&rule["from"]).len(), 1, "{service}");
            }
            let open = rules.iter().filter(|rule| rule["ports"].is_null()).count();
            assert_eq!(open, 0, "{service} has a rule for every port");
        }
        let services = all.all("Service").filter(|service| service["spec"]["clusterIP"] != "None");
        let ports = services.flat_map(|service| items(&service["spec"]["ports"]));
        assert_eq!(ports.filter(|port| port["targetPort"] == "admin").count(), 0);
    }
}

#[test]
fn the_bundled_servers_are_for_our_pods_alone() {
    let all = example("bundled");
    for backend in ["nats", "redis", "postgres"] {
        let policy = &all.the("NetworkPolicy", &format!("-{backend}"))["spec"];
        let pods = &policy["ingress"][0]["from"][0]["podSelector"]["matchLabels"];
        assert_eq!(pods["app.kubernetes.io/name"], "fanfare");
        assert_eq!(policy["egress"], json!([]), "{backend}");
        let server = &all.the("StatefulSet", &format!("-{backend}"))["spec"]["template"]["metadata"]["labels"];
        assert_eq!(policy["podSelector"]["matchLabels"], *server);
    }
}

#[test]
fn without_policies_there_are_none_and_the_notes_say_so() {
    let all = rendered("open", &json!({})).expect("right");
    assert_eq!(all.all("NetworkPolicy").count(), 0);
    assert!(all.notes.contains("No network policies are installed"));
}
