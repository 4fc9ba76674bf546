//! Listening, and who answers what.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Extracted};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::access::{Access, Asks, add_headers};
use crate::api::{self, SUBJECT, endpoints};
use crate::memo::{Answer, Memo};
use crate::query::Query;
use crate::subject::{Around, Slot};
use crate::{Error, Problem, assets, live, pprof_paths};

/// How long the subject is waited for before the answer is that it is still being read.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a profile may take to arrive.
const ARRIVAL: Duration = Duration::from_mins(2);

/// Where agents of Pyroscope push profiles, below the secret part.
const INGEST: [&str; 2] = ["/ingest", "/pyroscope/ingest"];

/// What a server is told.
#[derive(Debug)]
pub struct Settings {
    /// Where it listens; port 0 takes one that is free.
    pub address: SocketAddr,
    /// The secret part of paths; random without one.
    pub token: Option<String>,
    /// A password that browsers ask for.
    pub password: Option<String>,
    /// The most bytes of a profile that is brought to be compared; 0 takes none.
    pub most_dropped_bytes: usize,
    /// How many bytes of answers are kept.
    pub kept_bytes: usize,
    /// What views need of this machine.
    pub around: Around,
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    access: Access,
    memo: Memo,
    slot: Slot,
    around: Arc<Around>,
    most_dropped_bytes: usize,
}

impl Server {
    /// Listens; nobody is answered before [`Server::run`].
    ///
    /// # Errors
    ///
    /// When the address cannot be had, or is open to others and nothing keeps them out.
    pub fn bind(settings: Settings) -> Result<Self, Error> {
        let failed = |source| Error::Listen {
            address: settings.address,
            source,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_io()
            .enable_time()
            .build()
            .map_err(failed)?;
        // What is asked for is known before anything is opened.
        Access::new(
            settings.address,
            settings.token.clone(),
            settings.password.clone(),
        )?;
        let listener = runtime
            .block_on(TcpListener::bind(settings.address))
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let shared = Shared {
            access: Access::new(address, settings.token, settings.password)?,
            memo: Memo::new(settings.kept_bytes, processors),
            slot: Slot::new(),
            around: Arc::new(settings.around),
            most_dropped_bytes: settings.most_dropped_bytes,
        };
        Ok(Self {
            runtime,
            listener,
            address,
            shared: Arc::new(shared),
        })
    }

    /// The address of the page.
    pub fn url(&self) -> String {
        let host = match self.address.ip() {
            ip if ip.is_unspecified() && ip.is_ipv4() => "127.0.0.1".to_owned(),
            ip if ip.is_unspecified() => "[::1]".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let token = self.shared.access.token();
        format!("http://{host}:{}/{token}/", self.address.port())
    }

    /// Where the subject is put once it is read.
    pub fn slot(&self) -> Slot {
        self.shared.slot.clone()
    }

    /// Answers until the process ends.
    ///
    /// # Errors
    ///
    /// When the system takes the address away.
    pub fn run(self) -> Result<(), Error> {
        let mut router = Router::new()
            .fallback(other)
            .with_state(self.shared.clone());
        for endpoint in endpoints() {
            let shared = self.shared.clone();
            let answer = move |request: Request| view(shared, endpoint, request);
            let path = format!("/{{token}}{}", endpoint.path);
            router = router.route(&path, axum::routing::any(answer));
        }
        let shared = self.shared.clone();
        let path = format!("/{{token}}{}", live::PATH);
        let listen = move |request: Request| live(shared, request);
        router = router.route(&path, axum::routing::any(listen));
        for path in INGEST {
            let shared = self.shared.clone();
            let take = move |request: Request| pushed(shared, request);
            router = router.route(&format!("/{{token}}{path}"), axum::routing::any(take));
        }
        let shared = self.shared.clone();
        let tell = move |request: Request| metrics(shared, request);
        router = router.route("/{token}/metrics", axum::routing::any(tell));
        let served = axum::serve(self.listener, router).into_future();
        self.runtime
            .block_on(served)
            .map_err(|source| Error::Serve { source })
    }
}

/// Answers a request to an endpoint.
async fn view(shared: Arc<Shared>, endpoint: &'static api::Endpoint, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let made = async {
        let asks = if endpoint.takes_body {
            Asks::Bringing
        } else {
            Asks::Reading
        };
        let path = shared
            .access
            .check(asks, &head.method, &head.uri, &head.headers)?;
        let text = head.uri.query().unwrap_or_default();
        let query = if let Some(name) = endpoint.in_path() {
            // What the path says is a parameter as any other, and is the one that counts.
            let said = path.rsplit_once('/').map_or("", |(_, last)| last);
            Query::parse(
                &format!("{text}&{name}={said}"),
                endpoint,
                &shared.around.options,
            )?
        } else {
            Query::parse(text, endpoint, &shared.around.options)?
        };
        let shelf = if endpoint.path == SUBJECT {
            match tokio::time::timeout(PATIENCE, shared.slot.get()).await {
                Ok(shelf) => shelf?,
                Err(_) => return loading(),
            }
        } else {
            shared.slot.get().await?
        };
        if endpoint.takes_options {
            // What is not there may be there later: such an answer is not kept.
            api::check_names(&shelf, &query)?;
        }
        let body = if endpoint.takes_body {
            arrived(body, shared.most_dropped_bytes).await?
        } else {
            Bytes::new()
        };
        let around = shared.around.clone();
        let most_dropped_bytes = shared.most_dropped_bytes;
        let key = query.key.clone();
        let work = move || {
            let work = api::Work {
                shelf: &shelf,
                around: &around,
                query: &query,
                body: &body,
                most_dropped_bytes,
            };
            api::answer(endpoint, &work)
        };
        if endpoint.takes_options || endpoint.is_constant {
            shared.memo.get(key, work).await
        } else {
            shared.memo.make(work).await
        }
    };
    respond(made.await)
}

/// Answers with an event whenever something was stored.
async fn live(shared: Arc<Shared>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let checked = shared
        .access
        .check(Asks::Reading, &head.method, &head.uri, &head.headers);
    let made = async {
        checked?;
        let shelf = shared.slot.get().await?;
        let past = shelf.subject.past.as_ref();
        let none = || Problem::not_found("there is no history here");
        Ok(live::events(past.ok_or_else(none)?.stored()))
    };
    match made.await {
        Ok(body) => {
            let mut response = Response::new(body);
            let media = HeaderValue::from_static("text/event-stream");
            response.headers_mut().insert(header::CONTENT_TYPE, media);
            add_headers(response.headers_mut(), StatusCode::OK);
            response
        }
        Err(problem) => respond(Err(problem)),
    }
}

/// Takes what an agent pushes.
async fn pushed(shared: Arc<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let made = async {
        shared
            .access
            .check(Asks::Bringing, &head.method, &head.uri, &head.headers)?;
        let shelf = shared.slot.get().await?;
        let body = arrived(body, shared.most_dropped_bytes).await?;
        let query = head.uri.query().unwrap_or_default().to_owned();
        let content_type = head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let work = move || {
            let past = shelf.subject.past.as_ref();
            let none = || Problem::not_found("nothing is collected here");
            let collector = past.ok_or_else(none)?.collector()?;
            collector.push(&query, &content_type, &body)?;
            Ok(Answer {
                media: "text/plain; charset=utf-8",
                body: Bytes::new(),
                file_name: None,
            })
        };
        shared.memo.make(work).await
    };
    respond(made.await)
}

/// Tells Prometheus what is known now.
async fn metrics(shared: Arc<Shared>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let made = async {
        shared
            .access
            .check(Asks::Reading, &head.method, &head.uri, &head.headers)?;
        let shelf = shared.slot.get().await?;
        let past = shelf.subject.past.as_ref();
        let none = || Problem::not_found("nothing is collected here");
        let text = past.ok_or_else(none)?.collector()?.metrics();
        Ok(Answer {
            media: "text/plain; version=0.0.4; charset=utf-8",
            body: text.into(),
            file_name: None,
        })
    };
    respond(made.await)
}

/// Waits for the body of a request, within limits.
async fn arrived(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        let detail = match limit {
            0 => "this fathom takes no files".to_owned(),
            limit => format!("the file has more than {limit} bytes"),
        };
        let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail);
        problem.hint("fathom open --drop-limit allows more")
    };
    let late = || {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "the file did not arrive in time",
        )
    };
    if limit == 0 {
        return Err(too_large());
    }
    let arriving = tokio::time::timeout(ARRIVAL, axum::body::to_bytes(body, limit));
    arriving.await.map_err(|_| late())?.map_err(|_| too_large())
}

fn loading() -> Result<Answer, Problem> {
    Ok(Answer {
        media: "application/json",
        body: api::loading()?,
        file_name: None,
    })
}

/// Answers a request to the page, or to nothing.
async fn other(Extracted(shared): Extracted<Arc<Shared>>, request: Request) -> Response {
    let uri = request.uri();
    let path = match shared
        .access
        .check(Asks::Reading, request.method(), uri, request.headers())
    {
        Ok(path) => path,
        Err(problem) => return respond(Err(problem)),
    };
    let token = shared.access.token();
    if uri.path() == format!("/{token}") {
        return redirect(&format!("/{token}/"));
    }
    if let Some(file) = assets::find(&path) {
        return respond(Ok(Answer {
            media: file.media,
            body: axum::body::Bytes::from_static(file.bytes),
            file_name: None,
        }));
    }
    if let Some(view) = pprof_paths::destination(&path, uri.query().unwrap_or_default()) {
        return redirect(&format!("/{token}/{view}"));
    }
    if !assets::are_there() && path == "/" {
        let problem = Problem::not_found("this fathom was built without its page");
        return respond(Err(
            problem.hint("the API is below api/v1/, described in api/v1/openapi.json")
        ));
    }
    respond(Err(Problem::not_found(format!("there is no {path}"))))
}

fn respond(made: Result<Answer, Problem>) -> Response {
    let mut response = match made {
        Ok(answer) => {
            let mut response = Response::new(Body::from(answer.body));
            let media = HeaderValue::from_static(answer.media);
            response.headers_mut().insert(header::CONTENT_TYPE, media);
            if let Some(kept_as) = answer.file_name.and_then(|name| attachment(&name)) {
                let name = header::CONTENT_DISPOSITION;
                response.headers_mut().insert(name, kept_as);
            }
            response
        }
        Err(problem) => problem.response(),
    };
    let status = response.status();
    add_headers(response.headers_mut(), status);
    response
}

/// Says that an answer is a file of a name, in the characters that all browsers take.
fn attachment(name: &str) -> Option<HeaderValue> {
    let plain = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => letter,
        _ => '_',
    };
    let name: String = name.chars().map(plain).collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).ok()
}

fn redirect(to: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    // What was read from an address fits into one.
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    add_headers(response.headers_mut(), StatusCode::SEE_OTHER);
    response
}
