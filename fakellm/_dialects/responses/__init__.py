"""The Responses API: ``dialect`` claims, ``read`` and ``hear`` translate, ``say`` and ``stream`` answer."""
