public import HTTPTypes

/// A middleware that waits: it asks a database or another service, or reads a body as it streams by.
///
/// ```swift
/// struct Session: AsyncMiddleware {
///     typealias Config = NoSettings
///     static let name = "session"
///     init(_ config: Config, in context: inout BuildContext) {}
///
///     func handle(
///         _ request: AsyncRequest,
///         next: @escaping AsyncNext
///     ) async throws -> AsyncResponse {
///         guard let user = try await users.find(request.head.headerFields[.cookie]) else {
///             return AsyncResponse(status: .unauthorized)
///         }
///         var request = request
///         request.head.headerFields[.user] = user.name
///         return try await next(request)
///     }
/// }
/// ```
///
/// Each request runs it in a task of its own, off the event loop, which costs some microseconds and a few allocations;
/// routes without it pay nothing. The task is cancelled when the client leaves or the request has waited too long. An error
/// that it throws is answered with 500, a ``GatewayError`` with what that says.
///
/// For what needs no waiting write a ``Middleware``.
public protocol AsyncMiddleware: Sendable, SendableMetatype {
    /// Its settings: a plain struct, every property with a default. The keys of its table in `gateway.toml` are the
    /// property names in snake case.
    associatedtype Config: Codable & Sendable
    /// The name of its table, and the prefix of its metrics.
    static var name: String { get }
    /// Prepares what each request needs, for one route and event loop. Mistakes in the settings go to the context.
    init(_ config: Config, in context: inout BuildContext)
    /// Answers the request, by itself or with what stands below.
    ///
    /// - Parameters:
    ///   - request: as it came down the chain.
    ///   - next: hands a request to what stands below, and gives its response, be that an error. It is called at most once.
    ///     Of the head, changed fields go on; method, authority and path stay what they were.
    /// - Returns: the response that climbs from here.
    func handle(
        _ request: AsyncRequest,
        next: @escaping AsyncNext
    ) async throws -> AsyncResponse
}

/// What stands below an ``AsyncMiddleware``: the rest of the chain and the upstream.
public typealias AsyncNext = @Sendable (AsyncRequest) async throws -> AsyncResponse

/// A request on its way down, for an ``AsyncMiddleware``.
public struct AsyncRequest: Sendable {
    /// Method, scheme, authority, path with query, and the fields without those that end at the gateway.
    public var head: HTTPRequest
    /// As it comes. A body that is passed on untouched costs nothing.
    public var body: AsyncBody
    /// The client's IP address as the gateway knows it, or `unknown` on a Unix socket.
    public let clientAddress: String
    /// nil where the request ID is switched off.
    public let requestID: String?
    /// The name of the route.
    public let route: String
}

/// A response on its way up, for an ``AsyncMiddleware``.
public struct AsyncResponse: Sendable {
    /// A status from 200 to 599 and the fields, without those that end at the gateway. The gateway writes
    /// `Content-Length` itself.
    public var head: HTTPResponse
    /// As it comes. A body that is passed on untouched costs nothing.
    public var body: AsyncBody

    /// A response with this head and body.
    public init(head: HTTPResponse, body: AsyncBody = AsyncBody()) {
        self.head = head
        self.body = body
    }

    /// A response with this status, these fields and this body.
    public init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: AsyncBody = AsyncBody()) {
        self.init(head: HTTPResponse(status: status, headerFields: headers), body: body)
    }
}

extension MiddlewareRegistration {
    /// An asynchronous middleware with the settings that hold where none are written.
    ///
    /// - Parameters:
    ///   - type: the middleware.
    ///   - defaults: its settings; `gateway.toml` changes them by key under `[middleware.NAME]`, in policies and routes.
    ///   - onByDefault: whether it runs for every route that does not switch it off with `NAME = false`, or only where a
    ///     table of its own stands.
    public static func of<M: AsyncMiddleware>(
        _ type: M.Type,
        defaults: M.Config,
        onByDefault: Bool = true
    ) -> MiddlewareRegistration {
        .of(AsyncMiddlewareAdapter<M>.self, defaults: defaults, onByDefault: onByDefault)
    }

    /// An asynchronous middleware whose settings say themselves what holds where none are written.
    ///
    /// - Parameters:
    ///   - type: the middleware.
    ///   - onByDefault: whether it runs for every route that does not switch it off with `NAME = false`, or only where a
    ///     table of its own stands.
    public static func of<M: AsyncMiddleware>(_ type: M.Type, onByDefault: Bool = true) -> MiddlewareRegistration
    where M.Config: MiddlewareSettings {
        .of(AsyncMiddlewareAdapter<M>.self, defaults: M.Config(), onByDefault: onByDefault)
    }
}
