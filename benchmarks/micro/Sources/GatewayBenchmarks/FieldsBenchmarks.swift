import NIOCore

@testable import Gateway
@testable import GatewayMiddlewares

enum FieldsBenchmarks {
    static let all = [
        MicroBenchmark("fields.expression") { try Self.reading() },
        MicroBenchmark("fields.project-64k", iterations: 100) { try Self.projecting("total,items(id,owner.name)") },
    ]

    private static func reading() throws -> () throws -> Void {
        let parameter = FieldParameter("fields")
        let query = Array("page=2&fields=total,items%28id%2Cowner.name%29".utf8)
        return {
            guard case .taken(.some, rest: _) = query.withUnsafeBytes({ parameter.take(from: $0) }) else {
                throw UnexpectedOutcome("no expression")
            }
        }
    }

    /// 64 KiB of a list, of which a third is kept.
    private static func projecting(_ text: String) throws -> () throws -> Void {
        var draft = FieldExpressionDraft()
        try FieldExpressionParser.read(ContiguousArray(text.utf8), into: &draft)
        let expression = FieldExpression(draft)
        let items = (0..<330).map { id in
            """
            {"id":\(id),"name":"item \(id % 97)","price":\(id).25,"inStock":true,"tags":["a","bb"],"text":"A description \
            of the item, with an \\"escape\\" in it","owner":{"name":"Ann Example","email":"ann@example.com"}}
            """
        }
        let document = ByteBuffer(string: "{\"total\":330,\"items\":[\(items.joined(separator: ","))]}")
        return {
            guard case .projected(let selected) = JSONProjection.project(document, expression),
                selected.readableBytes < document.readableBytes / 2
            else { throw UnexpectedOutcome("no selection of \(document.readableBytes) bytes") }
        }
    }
}
