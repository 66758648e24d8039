"""A request that is sent again does its work once."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from brender.web.http.once import Once
from brender.web.http.wrong import Wrong


class SentAgain(TestCase):
    def setUp(self) -> None:
        self.done = 0

    async def work(self) -> int:
        self.done += 1
        return self.done

    async def test_the_same_key_gives_the_same_result(self) -> None:
        once = Once[int]()
        self.assertEqual([await once.do("k", b"{}", self.work) for _ in range(3)], [1, 1, 1])

    async def test_without_a_key_each_does_its_own_work(self) -> None:
        once = Once[int]()
        self.assertEqual([await once.do("", b"{}", self.work) for _ in range(3)], [1, 2, 3])

    async def test_who_asks_while_it_is_being_done_waits_for_it(self) -> None:
        once, gate = Once[int](), Deferred[None]()

        async def slow() -> int:
            await gate
            return await self.work()

        both = [Deferred.fromCoroutine(once.do("k", b"{}", slow)) for _ in range(2)]
        gate.callback(None)
        self.assertEqual([await each for each in both], [1, 1])

    async def test_a_failure_is_told_to_all_who_wait_and_frees_the_key(self) -> None:
        once, gate = Once[int](), Deferred[None]()

        async def failing() -> int:
            await gate
            raise LookupError("no room")

        both = [Deferred.fromCoroutine(once.do("k", b"{}", failing)) for _ in range(2)]
        gate.callback(None)
        for each in both:
            with self.assertRaises(LookupError):
                await each
        self.assertEqual(await once.do("k", b"{}", self.work), 1)

    async def test_a_key_belongs_to_one_body(self) -> None:
        once = Once[int]()
        await once.do("k", b"{}", self.work)
        with self.assertRaisesRegex(Wrong, "another body") as caught:
            await once.do("k", b"[]", self.work)
        self.assertEqual(caught.exception.status, 409)

    async def test_only_so_many_keys_are_kept(self) -> None:
        once = Once[int](most=2)
        for key in ("a", "b", "c"):
            await once.do(key, b"{}", self.work)
        self.assertEqual(await once.do("c", b"{}", self.work), 3)
        self.assertEqual(await once.do("a", b"{}", self.work), 4)

    async def test_a_key_has_a_longest_length(self) -> None:
        with self.assertRaisesRegex(Wrong, "200 characters at most"):
            await Once[int]().do("k" * 201, b"{}", self.work)
