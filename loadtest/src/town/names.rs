//! Names of the made-up town, in English and Arabic.

use super::plan::Class;
use crate::seeded::Seeded;

type Name = (String, String);

fn pair((en, ar): (&str, &str)) -> Name {
    (en.to_owned(), ar.to_owned())
}

pub fn town() -> Name {
    pair(("Nahrein", "نهرين"))
}

pub fn river() -> Name {
    pair(("Silver River", "نهر الفضة"))
}

pub fn pond() -> Name {
    pair(("Heron Pond", "بركة البلشون"))
}

pub fn park(n: usize) -> Name {
    pair(
        [
            ("Lantern Garden", "حديقة الفانوس"),
            ("Heron Park", "منتزه البلشون"),
            ("Orchard Park", "منتزه البستان"),
            ("Kite Meadow", "مرج الطائرات الورقية"),
            ("Palm Park", "منتزه النخيل"),
            ("Fountain Garden", "حديقة النافورة"),
        ][n],
    )
}

pub fn district(n: usize) -> Name {
    pair(
        [
            ("Old Town", "البلدة القديمة"),
            ("Millside", "حي الطاحونة"),
            ("Northgate", "باب الشمال"),
            ("Orchards", "حي البساتين"),
            ("Westfield", "الحقل الغربي"),
            ("Potters' Quarter", "حي الفخارين"),
            ("Palm Quarter", "حي النخيل"),
        ][n],
    )
}

pub fn main(n: usize) -> Name {
    pair(
        [
            ("Market Square", "ساحة السوق"),
            ("Inner Ring", "الطريق الدائري الداخلي"),
            ("Outer Ring", "الطريق الدائري الخارجي"),
            ("West Quay", "الرصيف الغربي"),
            ("East Quay", "الرصيف الشرقي"),
        ][n],
    )
}

pub fn avenue(n: usize) -> Name {
    pair(
        [
            ("Bridge Avenue", "شارع الجسر الكبير"),
            ("Mill Avenue", "شارع الطاحونة الكبير"),
            ("Station Avenue", "شارع المحطة الكبير"),
            ("Gardens Avenue", "شارع الحدائق الكبير"),
            ("Sunset Avenue", "شارع الغروب الكبير"),
            ("Potters' Avenue", "شارع الفخارين الكبير"),
            ("South Gate Avenue", "شارع باب الجنوب الكبير"),
            ("Palm Avenue", "شارع النخيل الكبير"),
        ][n],
    )
}

/// Names for local streets, each given once.
pub struct Locals(Vec<(&'static str, &'static str)>, usize);

impl Locals {
    pub fn new(rng: &mut Seeded) -> Self {
        let mut words = WORDS.to_vec();
        rng.shuffle(&mut words);
        Self(words, 0)
    }

    pub fn name(&mut self, class: Class) -> Name {
        let (en, ar) = self.0[self.1 % self.0.len()];
        let again = self.1 / self.0.len();
        self.1 += 1;
        let (kind_en, kind_ar) = if class == Class::Lane { ("Lane", "حارة") } else { ("Street", "شارع") };
        match again {
            0 => (format!("{en} {kind_en}"), format!("{kind_ar} {ar}")),
            1 => (format!("New {en} {kind_en}"), format!("{kind_ar} {ar} الجديد")),
            _ => (format!("{en} {kind_en} {again}"), format!("{kind_ar} {ar} {again}")),
        }
    }
}

#[rustfmt::skip]
const WORDS: [(&str, &str); 80] = [
    ("Cedar", "الأرز"), ("Jasmine", "الياسمين"), ("Olive", "الزيتون"), ("Fig", "التين"), ("Almond", "اللوز"), ("Pomegranate", "الرمان"),
    ("Lemon", "الليمون"), ("Orange", "البرتقال"), ("Rose", "الورد"), ("Basil", "الريحان"), ("Mint", "النعناع"), ("Saffron", "الزعفران"),
    ("Cinnamon", "القرفة"), ("Pepper", "الفلفل"), ("Honey", "العسل"), ("Bakers'", "الخبازين"), ("Coppersmiths'", "النحاسين"), ("Weavers'", "النساجين"),
    ("Dyers'", "الصباغين"), ("Tailors'", "الخياطين"), ("Carpenters'", "النجارين"), ("Goldsmiths'", "الصاغة"), ("Perfumers'", "العطارين"), ("Fishers'", "الصيادين"),
    ("Ferry", "المعدية"), ("Well", "البئر"), ("Spring", "العين"), ("Bath House", "الحمام"), ("Tower", "البرج"), ("Citadel", "القلعة"),
    ("School", "المدرسة"), ("Library", "المكتبة"), ("Museum", "المتحف"), ("Theatre", "المسرح"), ("Observatory", "المرصد"), ("Post", "البريد"),
    ("Clock", "الساعة"), ("Moon", "القمر"), ("Star", "النجمة"), ("Dawn", "الفجر"), ("Cloud", "الغيمة"), ("Rain", "المطر"),
    ("Swallow", "السنونو"), ("Falcon", "الصقر"), ("Dove", "الحمامة"), ("Stork", "اللقلق"), ("Gazelle", "الغزال"), ("Camel", "الجمل"),
    ("Horse", "الحصان"), ("Lion", "الأسد"), ("Willow", "الصفصاف"), ("Pine", "الصنوبر"), ("Sycamore", "الجميز"), ("Mulberry", "التوت"),
    ("Carob", "الخروب"), ("Lotus", "اللوتس"), ("Iris", "السوسن"), ("Poppy", "الخشخاش"), ("Thyme", "الزعتر"), ("Sesame", "السمسم"),
    ("Wheat", "القمح"), ("Cotton", "القطن"), ("Silk", "الحرير"), ("Pearl", "اللؤلؤ"), ("Amber", "العنبر"), ("Ivory", "العاج"),
    ("Marble", "الرخام"), ("Brick", "الطوب"), ("Lantern", "الفانوس"), ("Candle", "الشمعة"), ("Mirror", "المرآة"), ("Poets'", "الشعراء"),
    ("Scribes'", "الكتبة"), ("Musicians'", "الموسيقيين"), ("Doctors'", "الأطباء"), ("Merchants'", "التجار"), ("Sailors'", "البحارة"), ("Gardeners'", "البستانيين"),
    ("Teachers'", "المعلمين"), ("Travellers'", "المسافرين"),
];
