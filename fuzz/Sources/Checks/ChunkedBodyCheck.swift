import NIOCore

@testable import GatewayHTTP
@testable import GatewayHTTP1

/// A chunked body, and the bytes that follow it on the connection.
enum ChunkedBodyCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let whole = self.read([input])
        for pieces in Segmentation.all(of: input) {
            let other = self.read(pieces)
            try hold(other == whole, "parsed differently in \(pieces.count) pieces: \(other), whole: \(whole)")
        }
        // Each chunk needs five bytes besides its data, or one if the body is incomplete.
        try hold(whole.body.count <= input.count, "\(whole.body.count) bytes from \(input.count)")
        guard whole.isComplete else { return }
        try hold(whole.body.count + whole.left + 5 <= input.count, "bytes are read twice")
        for field in whole.trailers ?? [] {
            try hold(ByteClass.isToken(field[0]) && field[1].isFieldValue, "invalid trailer \(field)")
        }
        // Written again, a field has a space after its colon even if it had none.
        var again = self.read([self.written(whole)], HTTP1Limits())
        again.left = whole.left
        try hold(again == whole, "\(whole) is \(again) when written again")
    }

    private struct Body: Equatable {
        var body: [UInt8] = []
        var trailers: [[[UInt8]]]?
        var isComplete = false
        var left = 0
        var failure: MessageError.Code?
    }

    private static func read(_ pieces: [[UInt8]], _ limits: HTTP1Limits = Transcript.limits) -> Body {
        var decoder = BodyDecoder(.chunked, limits: limits)
        var buffer = ByteBuffer()
        var result = Body()
        do throws(MessageError) {
            for piece in pieces {
                buffer.writeBytes(piece)
                reading: while true {
                    switch try decoder.next(&buffer) {
                    case .bytes(let piece): result.body += Array(piece.readableBytesView)
                    case .needMore: break reading
                    case .end:
                        result.isComplete = true
                        break reading
                    }
                }
            }
            result.trailers = decoder.trailers.map { $0.fields.contents }
            result.left = buffer.readableBytes
            try decoder.endOfInput()
        } catch {
            result.failure = error.code
        }
        return result
    }

    private static func written(_ body: Body) -> [UInt8] {
        var output = ByteBuffer()
        if !body.body.isEmpty {
            output.writeChunkSize(body.body.count)
            output.writeBytes(body.body)
            output.writeLineEnd()
        }
        var fields = HeaderBlock()
        for field in body.trailers ?? [] { fields.add(HeaderName(String(decoding: field[0], as: UTF8.self)), field[1]) }
        output.writeLastChunk(trailers: fields.count > 0 ? TrailerSection(fields) : nil)
        return Array(output.readableBytesView)
    }
}
