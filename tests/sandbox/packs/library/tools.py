"""A lending library."""

DEFAULT_DAYS = 14


def find_row(rows, key, ctx, what):
    row = rows.get(key)
    if row is None:
        ctx.fail("not_found", f"no {what} {key}")
    return row


def find_books(state, ctx, tag=None, limit=5):
    found = [
        {"book_id": book["book_id"], "title": book["title"]}
        for book in state["books"].values()
        if tag is None or tag in book["tags"]
    ]
    return {"books": sorted(found, key=lambda book: book["title"])[:limit]}


def lend_book(state, ctx, book_id, member_id, days=DEFAULT_DAYS):
    book = find_row(state["books"], book_id, ctx, "book")
    member = find_row(state["members"], member_id, ctx, "member")
    if member["fee_cents"] > 0:
        ctx.fail("fee_open", f"{member['name']} owes {member['fee_cents'] / 100:.2f}")
    if book["copies_free"] < 1:
        ctx.fail("none_left", f"no copy of {book['title']} is left")
    book["copies_free"] -= 1
    loan_id = ctx.next_id("N")
    due = ctx.add_days(ctx.today, days)
    state["loans"][loan_id] = {
        "loan_id": loan_id,
        "book_id": book_id,
        "member_id": member_id,
        "copies": 1,
        "due": due,
    }
    return {"loan_id": loan_id, "due": due}


def return_book(state, ctx, loan_id):
    loan = find_row(state["loans"], loan_id, ctx, "loan")
    state["books"][loan["book_id"]]["copies_free"] += loan["copies"]
    del state["loans"][loan_id]
    return {"book_id": loan["book_id"], "late_days": max(0, ctx.days_between(loan["due"], ctx.today))}
