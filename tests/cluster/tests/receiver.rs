//! The receiver sees what was sent, byte by byte, and answers as it is told.

use std::time::Duration;

use fanfare_cluster::{Answer, Receiver, http_client};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn post(url: &str, event: &str) -> Result<u16, reqwest::Error> {
    let sent = http_client().post(url).header("webhook-id", event).body("{}").send().await;
    sent.map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn header_names_are_kept_as_they_were_written() {
    let receiver = Receiver::start().await;
    let address = receiver.url_at("").trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(address).await.expect("it listens");
    let request = "POST /a HTTP/1.1\r\nwEbHoOk-iD: 7\r\nContent-Length: 4\r\n\r\nbody";

    // In two parts and twice on one connection, as clients may send it.
    let (first, second) = request.split_at(20);
    connection.write_all(first.as_bytes()).await.expect("it reads");
    connection.write_all(format!("{second}{request}").as_bytes()).await.expect("it reads");

    let arrivals = receiver.arrivals(2).await;
    assert_eq!(arrivals[0].headers[0], ("wEbHoOk-iD".to_owned(), "7".to_owned()));
    assert_eq!((arrivals[0].event(), &arrivals[0].body[..], arrivals[0].path.as_str()), ("7", &b"body"[..], "/a"));
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.expect("it answers");
    assert_eq!(&answer, b"HTTP/1.1 200");
    let log = receiver.log();
    assert_eq!((log.deliveries(), log.repeats()), (1, 1));
}

#[tokio::test]
async fn each_delivery_has_the_answers_in_order() {
    let receiver = Receiver::answering([503, 200]).await;
    receiver.answer_at("/other", [Answer::status(410).header("X-Why", "gone").body("no")]);
    let url = receiver.url();

    for (event, status) in [("a", 503), ("b", 503), ("a", 200), ("a", 200), ("b", 200)] {
        assert_eq!(post(&url, event).await.expect("an answer"), status);
    }
    assert_eq!(post(&receiver.url_at("/other"), "a").await.expect("an answer"), 410);
    assert_eq!(receiver.log().succeeded(), 2);
}

#[tokio::test]
async fn silence_and_hanging_up_are_answers_too() {
    let receiver = Receiver::answering([Answer::hang_up()]).await;
    assert!(post(&receiver.url(), "a").await.is_err_and(|error| !error.is_timeout()));

    receiver.answer([Answer::never()]);
    let url = receiver.url();
    let waiting = tokio::time::timeout(Duration::from_millis(100), post(&url, "b")).await;
    assert!(waiting.is_err());
    assert_eq!(receiver.log().arrivals()[1].answered, None);
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_refused() {
    let receiver = Receiver::unknown().await;
    assert!(post(&receiver.url(), "a").await.is_err_and(|error| error.is_connect()));
    assert_eq!(receiver.log().arrivals().len(), 0);
}
