import GatewayHTTP
import GatewaySettings
import HTTPTypes
import NIOCore

/// Describes the received request as JSON.
enum DemoEcho {
    /// The maximum number of body bytes to return. The rest is read and counted.
    static let bodyLimit = 64 * 1024

    static func respond(to request: AsyncRequest, _ target: RequestTarget) async throws -> AsyncResponse {
        var body = ByteBuffer()
        var size = 0
        for try await var chunk in request.body {
            size += chunk.readableBytes
            let room = bodyLimit - body.readableBytes
            if room > 0, var part = chunk.readSlice(length: min(room, chunk.readableBytes)) { body.writeBuffer(&part) }
        }
        var headers: [String: JSONValue] = [:]
        for field in request.head.headerFields {
            headers[field.name.rawName] = .string(request.head.headerFields[field.name] ?? field.value)
        }
        if let authority = request.head.authority { headers["Host"] = .string(authority) }
        var echo: [String: JSONValue] = [
            "method": .string(request.head.method.rawValue),
            "path": .string(String(target.path)),
            "query": .string(String(target.query)),
            "headers": .sorted(headers),
            "body": .string(String(buffer: body)),
            "body_size": .integer(size),
            "client": .string(request.clientAddress),
        ]
        if size > body.readableBytes { echo["body_truncated"] = .boolean(true) }
        let text = JSONText.text(.sorted(echo), indented: true) + "\n"
        return AsyncResponse(contentType: "application/json", text: text)
    }
}
