//! Slow clients, of which the test awaits what becomes of them.

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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
            .route("/who", get(who));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let served = tokio::spawn(serve((listener, limits), router, stopped));
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
        head_within: Duration::from_millis(head_within_ms),
    }
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
    let mut waiting = scene.connect(&request("/who")).await;
    let early = timeout(Duration::from_millis(200), waiting.readable()).await;
    assert!(early.is_err(), "answered although two others are open");
    scene.wake.notify_one();
    let mut byte = [0];
    let answered = timeout(SOON, waiting.read_exact(&mut byte)).await.unwrap();
    assert!(answered.is_ok());
    scene.wake.notify_one();
    for poll in polls {
        assert!(rest(poll).await.ends_with("wake"));
    }
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
