import GatewayHTTP
import GatewaySettings
import NIOCore

/// An event or a sample on its way to the clients. Each format is encoded once, for all clients together, when the first of them needs
/// it.
struct StreamMessage {
    private let json: ByteBuffer
    private let type: StaticString
    private let id: EventID?
    private var encoded: [StreamFormat: ByteBuffer] = [:]

    init(_ event: Event) {
        var json = ByteBuffer(string: #"{"type":"event","topic":"#)
        json.writeString(JSONText.text(.string(event.topic)))
        json.writeString(#","event":"#)
        json.writeImmutableBuffer(event.json)
        json.writeString("}")
        self.json = json
        self.type = "event"
        self.id = event.id
    }

    init(_ sample: EventSample) {
        let time = CivilTime.rfc3339WithMilliseconds(sample.time)
        var json = ByteBuffer(string: "{\"type\":\"data\",\"topic\":\"\(sample.topic)\",\"time\":\"\(time)\",\"data\":")
        json.writeImmutableBuffer(sample.json)
        json.writeString("}")
        self.json = json
        self.type = "data"
        self.id = nil
    }

    mutating func encoded(for format: StreamFormat) -> ByteBuffer {
        if let known = self.encoded[format] { return known }
        let new = format.encode(self.json, type: self.type, id: self.id)
        self.encoded[format] = new
        return new
    }
}
