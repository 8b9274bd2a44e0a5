"""A small made-up catalogue in six languages."""

from apps.functions.generation import Subject

_ROWS = """
python | textkit/wrap.py | wrap_text | Wrap a long text into lines of a given width.
python | textkit/wrap.py | dedent_block | Remove common leading whitespace from every line.
python | textkit/dates.py | parse_date | Parse a date from a string.
python | textkit/dates.py | format_date | Format a date as an ISO string.
python | textkit/files.py | read_lines | Return the lines of a text file as a list.
python | textkit/files.py | copy_directory | Copy a directory with all its files.
python | textkit/stack.py | Stack.push | Push an element onto the stack.
python | textkit/stack.py | Stack.pop | Remove the top element of the stack and return it.
python | textkit/stack.py | Stack.__init__ | Make an empty stack.
python | textkit/stack.py | Stack._shrink |
python | textkit/wrap.py | test_wrap_text | Test that long lines are wrapped.
python | textkit/misc.py | f | Square a number.
javascript | domkit/query.js | findElement | Finds the first element that matches a selector.
javascript | domkit/query.js | removeChildren | Removes all children of an element.
javascript | domkit/date.js | parseDate | Parses a date from a string in the local time zone.
javascript | domkit/array.js | groupBy | Groups the items of an array by a key function.
javascript | domkit/array.js | uniqueItems | Creates an array of unique items.
javascript | domkit/timer.js | debounce | Delays a callback until calls have stopped.
java | jutil/Strings.java | Strings.reverse | Returns the characters of a string in reverse order.
java | jutil/Strings.java | Strings.isBlank | Returns true if the string is empty or only whitespace.
java | jutil/Lists.java | Lists.sortList | Sorts a list of numbers in ascending order.
java | jutil/Lists.java | Lists.partition | Splits a list into chunks of equal size.
java | jutil/Http.java | HttpClient.sendRequest | Sends an HTTP request and waits for the answer.
java | jutil/Http.java | HttpClient.close | Closes all open connections of the client.
go | gonet/conn.go | Dial | Dial connects to a server over an encrypted channel.
go | gonet/conn.go | Conn.SetDeadline | SetDeadline sets the read deadline of a connection.
go | gonet/conn.go | Conn.Close | Close closes the connection to the server.
go | gonet/hash.go | HashPassword | HashPassword derives a key from a password and a salt.
go | gonet/hash.go | CompareHash | CompareHash reports whether two hashes are equal.
go | gonet/rand.go | RandomBytes | RandomBytes returns a slice of secure random bytes.
rust | rmath/matrix.rs | Matrix.transpose | Returns the transpose of a square matrix.
rust | rmath/matrix.rs | Matrix.multiply | Multiplies a matrix with a vector.
rust | rmath/stats.rs | compute_average | Computes the weighted average of a sample.
rust | rmath/stats.rs | find_maximum | Finds the largest value of a slice.
rust | rmath/stats.rs | count_words | Counts how often each word occurs in a text.
rust | rmath/json.rs | parse_json | Parses a JSON document into a tree of values.
csharp | csdata/Table.cs | Table.DeleteRow | Deletes a row of the database table by its index.
csharp | csdata/Table.cs | Table.InsertRow | Inserts a new row into the database table.
csharp | csdata/Csv.cs | CsvReader.ReadLines | Reads the lines of a CSV file lazily.
csharp | csdata/Image.cs | ResizeImage | Resizes an image to fit a thumbnail.
csharp | csdata/Zip.cs | CompressFolder | Compresses a folder into a zip archive.
csharp | csdata/Mail.cs | Mailer.SendMessage | Sends an e-mail message to several recipients.
"""


def make_catalogue() -> list[Subject]:
    """Some 40 subjects, among them two that share a name and some that nobody looks up."""
    rows = [[cell.strip() for cell in row.split("|")] for row in _ROWS.strip().splitlines()]
    return [
        Subject(
            key=f"{path}::{name}",
            name=name.rpartition(".")[2],
            language=language,
            qualified_name=name,
            description=description,
        )
        for language, path, name, description in rows
    ]
