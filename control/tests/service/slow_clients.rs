//! More slow clients than a listener serves at once, and those who ask beside them.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const CLIENTS: usize = 520;
/// For what must happen.
const SOON: Duration = Duration::from_secs(20);

/// A client that has sent the head of a form and the first byte of its body, from the next of many
/// addresses of this machine.
async fn slow(to: SocketAddr, number: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let last = u8::try_from(2 + number % 250).unwrap();
    socket.bind(([127, 0, 1, last], 0).into()).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let head = b"POST /login HTTP/1.1\r\nhost: team\r\ncontent-length: 1000\r\n\
                 content-type: application/x-www-form-urlencoded\r\n\r\ne";
    stream.write_all(head).await.unwrap();
    stream
}

#[tokio::test]
async fn slow_clients_keep_neither_people_nor_probes_out() {
    let service = Service::start_with("[server]\nmetrics = \"127.0.0.1:0\"\n").await;
    let password = service.user(ANA).await;
    let running = &service.running;
    let listeners = [running.listen, running.filters, running.metrics.unwrap()];
    let mut clients = JoinSet::new();
    for listener in listeners {
        for number in 0..CLIENTS {
            let mut stream = slow(listener, number).await;
            clients.spawn(async move {
                // Until the service has had enough of it.
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            });
        }
    }
    for listener in listeners {
        for call in ["healthz", "readyz"] {
            let url = format!("http://{listener}/{call}");
            let asked = tokio::time::timeout(SOON, service.http.get(&url).send());
            let answer = asked.await.expect("health is answered").unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{url}");
        }
    }
    let mut browser = Browser::default();
    let signed_in = browser.sign_in(&service, "/login", (ANA, &password));
    let signed_in = tokio::time::timeout(SOON, signed_in).await.unwrap();
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    // Each ends, though none ever pauses for long.
    let all = async { while clients.join_next().await.is_some() {} };
    tokio::time::timeout(4 * SOON, all)
        .await
        .expect("all are cut off");
}
