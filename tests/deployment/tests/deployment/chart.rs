//! The chart and what it renders to.

use serde_json::{Value, json};

use crate::asking::{ask_all, repository};

/// The services, as the chart and the binary call them.
pub(crate) const SERVICES: [&str; 6] = ["api", "ingest", "logs", "router", "scheduler", "worker"];

/// Where the chart lies.
pub(crate) fn chart() -> String {
    repository().join("helm/fanfare").display().to_string()
}

/// The names of the examples in `helm/fanfare/ci`.
pub(crate) fn examples() -> Vec<String> {
    let folder = std::fs::read_dir(repository().join("helm/fanfare/ci")).expect("the examples are there");
    let names = folder.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> =
        names.map(|name| name.strip_suffix("-values.yaml").expect("an example's name").to_owned()).collect();
    names.sort();
    names
}

/// What an example renders to, with further values on top of its own; or why it is refused.
pub(crate) fn rendered(example: &str, values: &Value) -> Result<Rendered, String> {
    rendered_each(example, std::slice::from_ref(values)).swap_remove(0)
}

/// The same for each of several values.
pub(crate) fn rendered_each(example: &str, each: &[Value]) -> Vec<Result<Rendered, String>> {
    let file = repository().join(format!("helm/fanfare/ci/{example}-values.yaml"));
    let request = |values| json!({ "render": chart(), "file": file, "values": values });
    ask_all(each.iter().map(request).collect()).into_iter().map(outcome).collect()
}

fn outcome(mut answer: Value) -> Result<Rendered, String> {
    if let Some(refused) = answer["refused"].as_str() {
        return Err(refused.to_owned());
    }
    let Value::Array(manifests) = answer["manifests"].take() else { panic!("no manifests: {answer}") };
    let text = |name: &str| answer[name].as_str().expect("text").to_owned();
    Ok(Rendered { manifests, text: text("text"), notes: text("notes") })
}

/// What an example renders to as it is.
pub(crate) fn example(name: &str) -> Rendered {
    rendered(name, &json!({})).unwrap_or_else(|refused| panic!("{name} is refused: {refused}"))
}

/// What the chart makes.
pub(crate) struct Rendered {
    pub(crate) manifests: Vec<Value>,
    pub(crate) text: String,
    pub(crate) notes: String,
}

impl Rendered {
    /// All objects of a kind.
    pub(crate) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.manifests.iter().filter(move |manifest| manifest["kind"] == kind)
    }

    /// The object of this kind whose name ends so; the whole name if it is `fanfare` itself.
    pub(crate) fn get<'a>(&'a self, kind: &'a str, ending: &str) -> Option<&'a Value> {
        let prefix = ["fanfare", "webhooks"];
        let named = |manifest: &&Value| {
            let name = manifest["metadata"]["name"].as_str().unwrap_or_default();
            prefix.iter().any(|prefix| name == format!("{prefix}{ending}"))
        };
        self.all(kind).find(named)
    }

    /// The same; it must be there.
    pub(crate) fn the<'a>(&'a self, kind: &'a str, ending: &str) -> &'a Value {
        self.get(kind, ending).unwrap_or_else(|| panic!("there is no {kind} fanfare{ending}"))
    }

    /// The specification of a service's pods.
    pub(crate) fn pod(&self, service: &str) -> &Value {
        &self.the("Deployment", &format!("-{service}"))["spec"]["template"]["spec"]
    }

    /// The configuration file.
    pub(crate) fn configuration(&self) -> &str {
        self.the("ConfigMap", "")["data"]["fanfare.toml"].as_str().expect("text")
    }
}

/// The items of a list; none where there is no list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    items(value).iter().map(|item| item.as_str().expect("text")).collect()
}
