//! Slow clients, of which the test awaits what becomes of them.

use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use super::*;

/// For what must happen.
const SOON: Duration = Duration::from_secs(20);

struct Scene {
    address: SocketAddr,
    /// Ends the long poll at `/poll`.
    wake: Arc<Notify>,
    /// Notified when a long poll has begun.
    polled: Arc<Notify>,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Scene {
    async fn new(limits: Limits) -> Self {
        let (wake, polled) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (wait, begun) = (Arc::clone(&wake), Arc::clone(&polled));
        let poll = async move || {
            begun.notify_one();
            wait.notified().await;
            "wake"
        };
        let who = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
        let router = Router::new()
            .route("/poll", get(poll))
            .route("/who", get(who))
            .route("/typed", post(async |text: String| text))
            .route("/much", get(async || vec![b'.'; 64 << 20]));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let routers = Served {
            router,
            health: Router::new()
                .route("/healthz", get(async || "ok"))
                .fallback(async || StatusCode::SERVICE_UNAVAILABLE),
            proxies: vec!["127.0.0.9/32".parse().unwrap()],
        };
        let served = tokio::spawn(serve((listener, limits), routers, stopped));
        Self {
            address,
            wake,
            polled,
            stop,
            served,
        }
    }

    async fn connect(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// From another address of this machine.
    async fn connect_from(&self, last: u8, text: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, last], 0).into()).unwrap();
        let mut stream = socket.connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Waits until the service has answered a request from this address.
    async fn is_answered(&self, last: u8) -> bool {
        let answer = rest(self.connect_from(last, &request("/who")).await).await;
        answer.starts_with("HTTP/1.1 200 OK\r\n")
    }
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

/// Everything until the service closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let read = timeout(SOON, stream.read_to_end(&mut text)).await.unwrap();
    // Unread bytes make the system reset the connection at its end.
    assert!(read.is_ok() || text.is_empty(), "{read:?}");
    String::from_utf8(text).unwrap()
}

fn limits(connections: usize, head_within_ms: u64) -> Limits {
    Limits {
        connections,
        of_one_address: 1_000,
        head_within: Duration::from_millis(head_within_ms),
        body_within: Duration::from_millis(300),
    }
}

/// Whether the service has closed the connection. Waits for that if `must`.
async fn is_closed(stream: &mut TcpStream, must: bool) -> bool {
    let within = if must {
        SOON
    } else {
        Duration::from_millis(50)
    };
    let mut byte = [0];
    matches!(
        timeout(within, stream.read(&mut byte)).await,
        Ok(Ok(0) | Err(_))
    )
}

#[tokio::test]
async fn slow_clients_make_room_for_others() {
    let scene = Scene::new(limits(3, 300)).await;
    let mut slow = Vec::new();
    for text in ["", "GET /who HTTP/1.1\r\n", "GET /who HTTP/1.1\r\nhost: x"] {
        slow.push(scene.connect(text).await);
    }
    let other = scene.connect(&request("/who")).await;
    let own = other.local_addr().unwrap();
    let answer = rest(other).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(&own.to_string()), "{answer}");
    for stream in slow {
        let answer = rest(stream).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn no_more_connections_than_the_limit_are_served() {
    let scene = Scene::new(limits(2, 600_000)).await;
    let polls = [
        scene.connect(&request("/poll")).await,
        scene.connect(&request("/poll")).await,
    ];
    for _ in &polls {
        timeout(SOON, scene.polled.notified()).await.unwrap();
    }
    // What is being answered makes no room, but health is told.
    let other = rest(scene.connect(&request("/who")).await).await;
    assert!(other.starts_with("HTTP/1.1 503 "), "{other}");
    for _ in 0..40 {
        drop(scene.connect("GET /healthz HTT").await);
    }
    let health = rest(scene.connect(&request("/healthz")).await).await;
    assert!(health.ends_with("ok"), "{health}");
    for poll in polls {
        scene.wake.notify_one();
        assert!(rest(poll).await.ends_with("wake"));
    }
    assert!(scene.is_answered(1).await);
}

#[tokio::test]
async fn the_slowest_of_the_largest_share_makes_room() {
    let scene = Scene::new(limits(4, 600_000)).await;
    let mut lone = scene.connect_from(2, "GET /who HTT").await;
    let mut many = Vec::new();
    for _ in 0..3 {
        many.push(scene.connect_from(3, "GET /who HTT").await);
    }
    // Four are open, and each newcomer needs a place.
    for _ in 0..2 {
        assert!(scene.is_answered(4).await);
    }
    assert!(is_closed(&mut many[0], true).await, "it has waited longest");
    assert!(!is_closed(&mut lone, false).await);
    assert!(!is_closed(&mut many[2], false).await);
    lone.write_all(b"P/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    assert!(rest(lone).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn the_share_of_one_address_is_bounded_but_not_a_proxys() {
    let mut limits = limits(100, 600_000);
    limits.of_one_address = 2;
    let scene = Scene::new(limits).await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(scene.connect_from(2, "GET /who HTT").await);
    }
    assert!(is_closed(&mut slow[0], true).await);
    assert!(!is_closed(&mut slow[2], false).await);
    // What is being answered is not cut off for a newcomer.
    let polls = [
        scene.connect_from(3, &request("/poll")).await,
        scene.connect_from(3, &request("/poll")).await,
    ];
    for _ in &polls {
        timeout(SOON, scene.polled.notified()).await.unwrap();
    }
    assert!(is_closed(&mut scene.connect_from(3, "").await, true).await);
    for poll in polls {
        scene.wake.notify_one();
        assert!(rest(poll).await.ends_with("wake"));
    }
    let mut of_proxy = Vec::new();
    for _ in 0..6 {
        of_proxy.push(scene.connect_from(9, "GET /who HTT").await);
    }
    assert!(scene.is_answered(9).await);
    for stream in &mut of_proxy {
        assert!(!is_closed(stream, false).await);
    }
}

#[tokio::test]
async fn a_body_has_a_total_deadline() {
    let scene = Scene::new(limits(9, 600_000)).await;
    let head = "POST /typed HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n";
    let mut slow = scene.connect(head).await;
    let (mut read, mut write) = slow.split();
    let mut answer = Vec::new();
    let ended = timeout(SOON, async {
        let drip = async {
            // Never a pause as long as the deadline.
            while write.write_all(b".").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = drip => {}
            _ = read.read_to_end(&mut answer) => {}
        }
    });
    ended.await.expect("cut off");
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    let quick =
        "POST /typed HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    assert!(rest(scene.connect(quick).await).await.ends_with("ok"));
}

#[tokio::test]
async fn a_client_that_takes_no_response_is_cut_off() {
    let scene = Scene::new(limits(1, 600_000)).await;
    let slow = scene.connect(&request("/much")).await;
    // It has the only place, and is cut off without a newcomer that needs it.
    let mut slow = slow.into_std().unwrap();
    let taken = tokio::task::spawn_blocking(move || {
        use std::io::Read;
        slow.set_nonblocking(false).unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let mut taken = Vec::new();
        let _ = slow.read_to_end(&mut taken);
        taken.len()
    });
    assert!(taken.await.unwrap() < 64 << 20, "the response is not whole");
}

#[tokio::test]
async fn a_long_poll_outlives_the_time_for_a_head() {
    let scene = Scene::new(limits(9, 100)).await;
    let poll = scene.connect(&request("/poll")).await;
    timeout(SOON, scene.polled.notified()).await.unwrap();
    // Each is closed after the time for a head, so that has passed more than once.
    for _ in 0..3 {
        assert_eq!(rest(scene.connect("").await).await, "");
    }
    scene.wake.notify_one();
    assert!(rest(poll).await.ends_with("wake"));
}

#[tokio::test]
async fn the_end_waits_for_open_requests_only() {
    let scene = Scene::new(limits(9, 600_000)).await;
    let poll = scene.connect(&request("/poll")).await;
    timeout(SOON, scene.polled.notified()).await.unwrap();
    let idle = scene.connect("").await;
    scene.stop.send(()).unwrap();
    assert_eq!(rest(idle).await, "");
    scene.wake.notify_one();
    assert!(rest(poll).await.ends_with("wake"));
    timeout(SOON, scene.served).await.unwrap().unwrap().unwrap();
}
